"""The painted map, its layout and its legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from gui.theme.palette import LIGHT
from gui.theme.theme import Theme
from gui.widgets.heat_legend import HeatLegend, Scale, end_words
from gui.widgets.heat_map import HeatMap
from gui.widgets.heat_picture import Heat
from tests.gui.painted_parts import PaintedParts

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def heat(values: list[list[float]], *, estimated: bool = False, limit: float = 1.0) -> Heat:
    numbers = np.array(values)
    rows, columns = numbers.shape
    return Heat(
        values=numbers,
        there=np.ones(numbers.shape, dtype=bool),
        estimated=np.full(numbers.shape, estimated),
        rows=tuple(f"L{row}" for row in range(rows)),
        columns=tuple(f"H{column}" for column in range(columns)),
        row_title="layer",
        column_title="head",
        limit=limit,
    )


@pytest.fixture
def view(qtbot: QtBot) -> HeatMap:
    made = HeatMap(Theme("light"))
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    made.show_heat(heat([[-1.0, 0.0, 1.0], [0.5, float("nan"), -0.2]]))
    return made


def ground(view: HeatMap, cell: tuple[int, int]) -> str:
    """Return the colour beside the words of a cell."""
    corner = view.rect_of(cell).topLeft().toPoint() + QPoint(4, 4)
    return QColor(view.grab().toImage().pixel(corner)).name()


def test_that_a_cell_has_the_colour_of_its_number(view: HeatMap) -> None:
    assert ground(view, (0, 0)) == LIGHT.heat_below
    assert ground(view, (0, 1)) == LIGHT.sunken
    assert ground(view, (0, 2)) == LIGHT.heat_above
    assert ground(view, (1, 1)) == LIGHT.surface


def test_that_an_estimate_is_hatched(view: HeatMap) -> None:
    plain = view.grab().toImage()
    view.show_heat(heat([[-1.0, 0.0, 1.0], [0.5, 0.3, -0.2]], estimated=True))
    box = view.rect_of((0, 1)).toRect().adjusted(4, 4, -4, -4)
    assert len({plain.pixel(x, box.top()) for x in range(box.left(), box.right())}) == 1
    hatched = view.grab().toImage()
    assert len({hatched.pixel(x, box.top()) for x in range(box.left(), box.right())}) > 1


def test_that_only_the_cells_that_come_in_are_painted(view: HeatMap, qtbot: QtBot) -> None:
    later = [[-1.0, 0.0, 1.0], [0.5, -0.4, -0.2]]
    view.grab()
    parts = PaintedParts(view)
    view.show_heat(heat(later))
    qtbot.waitUntil(lambda: bool(parts.seen))
    assert parts.seen == [view.rect_of((1, 1)).toAlignedRect()]
    assert ground(view, (1, 1)) != LIGHT.surface
    parts.seen.clear()
    view.show_heat(heat(later))
    qtbot.wait(30)
    assert parts.seen == []
    for anew in (heat(later, limit=2.0), heat(later, estimated=True), heat([[0.1, 0.2]]), None):
        view.show_heat(anew)
        qtbot.waitUntil(lambda: bool(parts.seen))
        parts.seen.clear()


def test_that_every_cell_is_found_where_it_is_drawn(view: HeatMap) -> None:
    cells = [(row, column) for row in range(2) for column in range(3)]
    assert [view.cell_at(view.rect_of(cell).center()) for cell in cells] == cells


def test_that_pointing_and_clicking_are_told(view: HeatMap, qtbot: QtBot) -> None:
    told: list[object] = []
    view.pointed.connect(told.append)
    view.picked.connect(lambda row, column: told.append(("picked", row, column)))
    qtbot.mouseMove(view, view.rect_of((0, 2)).center().toPoint())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.rect_of((1, 0)).center().toPoint())
    assert told[-2:] == [(1, 0), ("picked", 1, 0)]


def test_that_it_can_be_walked_and_picked_by_keys(view: HeatMap, qtbot: QtBot) -> None:
    picked: list[tuple[int, int]] = []
    view.picked.connect(lambda row, column: picked.append((row, column)))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(view, key)
    assert picked == [(1, 1)]


def test_that_a_smaller_map_lets_go_of_a_cell_it_has_not(view: HeatMap, qtbot: QtBot) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.cell == (1, 0)
    view.show_heat(heat([[1.0]]))
    assert view.cell is None


def test_that_a_large_map_is_drawn(view: HeatMap) -> None:
    view.show_heat(heat(np.random.default_rng(0).normal(size=(48, 1000)).tolist()))
    assert not view.grab().isNull()


def test_that_the_ends_of_a_ramp_say_what_lies_beyond() -> None:
    assert end_words(0.5, is_signed=True, clipped=False) == ("−0.50", "0", "+0.50")
    assert end_words(2, is_signed=True, clipped=True) == ("≤\u2009−2.00", "0", "≥\u2009+2.00")
    assert end_words(0.05, is_signed=False, clipped=False) == ("0", "", "0.050")
    assert end_words(0.0004, is_signed=True, clipped=False) == ("−0.0004", "0", "+0.0004")
    assert end_words(0, is_signed=True, clipped=False) == ("0", "0", "0")


def test_that_the_legend_reads_out_what_it_shows(qtbot: QtBot) -> None:
    legend = HeatLegend(Theme("dark"))
    qtbot.addWidget(legend)
    legend.show_scale(Scale("Δ log p", 1.0, estimated=True, gaps=True))
    assert legend.accessibleName() == "Δ log p −1.00 0 +1.00 estimate not run"
    legend.show_nothing()
    assert legend.words == ""
