"""What cells of the grid stand for, where an operation leads, and how a receiver is picked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor

from core.sites.site import Site, parse_site
from gui.surgery.grid_model import Cell, GridIncision
from tests.gui.surgery.grid_hands import LEFT, Listener, cut, key, middle, press
from tests.gui.surgery.prompts import small

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.surgery.head_grid import HeadGrid
    from gui.theme.theme import Theme


def geometry_labels(grid: HeadGrid) -> list[str]:
    model = grid.view.scene.model
    assert model is not None
    return [model.column_label(column) for column in range(model.columns)]


def grid_site(grid: HeadGrid, cell: Cell) -> Site:
    model = grid.view.scene.model
    assert model is not None
    return model.site(cell)


def choose(qtbot: QtBot, grid: HeadGrid, name: str) -> None:
    """Click a hook point above the grid."""
    qtbot.mouseClick(grid.picker.heads[name], LEFT)


def test_that_a_click_means_the_hook_point_above_the_grid(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    choose(qtbot, grid, "q")
    press(qtbot, grid, middle(grid, (4, 5)))
    grid.picker.entries["resid_mid"].trigger()
    press(qtbot, grid, middle(grid, (4, 11)))
    assert [sites for sites, _ in wished.toggled] == [["L3H5.q"], ["L3.resid_mid"]]
    assert grid.picker.menus["resid"].text() == "RESID mid"
    assert geometry_labels(grid)[-1] == "RES MID"


def test_that_a_neuron_is_typed_and_its_layer_clicked(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_shape(replace(small(), d_mlp=200))
    assert grid.picker.neuron.isHidden()
    grid.picker.entries["mlp_post"].trigger()
    press(qtbot, grid, middle(grid, (5, 9)))
    grid.picker.neuron.setFocus()
    grid.picker.neuron.selectAll()
    qtbot.keyClicks(grid.picker.neuron, "120")
    qtbot.keyClick(grid.picker.neuron, Qt.Key.Key_Return)
    press(qtbot, grid, middle(grid, (5, 9)))
    assert [sites for sites, _ in wished.toggled] == [["L4.mlp_post"], ["L4N120.mlp_post"]]
    assert grid.picker.neuron.maximum() == 199
    grid.set_shape(replace(small(), d_mlp=50))
    assert grid.points.neuron is None


def test_that_incisions_at_another_hook_point_stay_to_be_seen(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_incisions([cut("L3H5.z", 4)])
    full = grid.view.viewport().grab().toImage()
    choose(qtbot, grid, "v")
    beside = grid.view.viewport().grab().toImage()
    assert grid.view.look.marks[4, 5].signs == ("z",)
    grid.set_incisions([])
    assert grid.view.viewport().grab().toImage() not in (full, beside)
    grid.set_incisions([cut("L3H5.z", 4)])
    press(qtbot, grid, middle(grid, (4, 5)))
    assert wished.toggled == [(["L3H5.v"], True)]
    key(qtbot, grid, "Delete")
    assert len(wished.toggled) == 1


def test_that_key_value_heads_have_their_own_axis_and_say_so(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_shape(replace(small(), n_key_value_heads=2))
    choose(qtbot, grid, "k")
    press(qtbot, grid, middle(grid, (1, 1)))
    assert wished.toggled == [(["L0H1.k"], True)]
    qtbot.mouseMove(grid.view.viewport(), QPoint(1, 1))
    assert "2 key-value heads in a layer, each for 4 query heads" in grid.readout.text


def test_that_a_hook_point_the_model_does_not_offer_says_why(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    choose(qtbot, grid, "pattern")
    unreachable = (("pattern", "Bloom hides it."), ("resid_mid", "There is none between."))
    grid.set_shape(replace(small(), unreachable=unreachable))
    assert not grid.picker.heads["pattern"].isEnabled()
    assert grid.picker.heads["pattern"].toolTip() == "Bloom hides it."
    assert grid.picker.entries["resid_mid"].toolTip() == "There is none between."
    assert grid.points.head == "z"


def test_that_an_operation_leads_to_where_it_makes_sense_and_back(
    qtbot: QtBot, grid: HeadGrid, wished: Listener
) -> None:
    grid.set_brush("knockout", ())
    assert grid.points.head == "pattern"
    assert grid.picker.heads["pattern"].isChecked()
    assert "Knockout makes no sense at z" in grid.picker.heads["z"].toolTip()
    press(qtbot, grid, middle(grid, (2, 2)))
    assert wished.toggled == [(["L1H2.pattern"], True)]
    grid.set_brush("silence", ())
    assert grid.points.head == "z"


def test_that_where_the_operation_makes_no_sense_cells_are_closed(
    qtbot: QtBot, grid: HeadGrid, wished: Listener
) -> None:
    grid.set_brush("skip", ())
    assert {grid_site(grid, cell).hook_point for cell in grid.view.look.closed} == {
        "z", "resid_post", "embed", "logits",
    }  # fmt: skip
    area = grid.view.viewport()
    qtbot.mousePress(area, LEFT, pos=middle(grid, (2, 6)))
    qtbot.mouseMove(area, middle(grid, (2, 9)))
    qtbot.mouseRelease(area, LEFT, pos=middle(grid, (2, 9)))
    assert wished.toggled == [(["L1.attn_out", "L1.mlp_out"], True)]
    press(qtbot, grid, middle(grid, (2, 6)))
    assert wished.toggled[-1] == (["L1H6.z"], True)


@pytest.fixture
def picked(grid: HeadGrid) -> list[str]:
    told: list[str] = []
    grid.receiverPicked.connect(lambda site: told.append(str(site)))
    grid.receiverGivenUp.connect(lambda: told.append("given up"))
    return told


def test_that_a_receiver_is_picked_with_one_click(
    qtbot: QtBot, grid: HeadGrid, wished: Listener, picked: list[str]
) -> None:
    grid.set_sender(parse_site("L1H2.z"))
    assert grid.points.head == "q"
    assert not grid.picker.heads["z"].isEnabled()
    press(qtbot, grid, middle(grid, (2, 2)))
    assert picked == []
    choose(qtbot, grid, "v")
    press(qtbot, grid, middle(grid, (4, 2)))
    press(qtbot, grid, middle(grid, (6, 11)))
    assert picked == ["L3H2.v", "logits"]
    assert wished.toggled == []
    grid.set_sender(None)
    assert grid.points.head == "z"


def test_that_a_receiver_is_picked_with_keys_and_given_up(qtbot: QtBot, grid: HeadGrid, picked: list[str]) -> None:
    grid.set_sender(parse_site("L0H2.z"))
    key(qtbot, grid, "Space", "Escape")
    assert picked == ["L1H0.q", "given up"]


def test_that_a_path_is_drawn_from_sender_to_receiver(grid: HeadGrid, theme: Theme) -> None:
    carried = GridIncision(parse_site("L0H0.z"), (4,), "silence", receiver=parse_site("L4H0.q"))
    grid.set_incisions([carried])
    shown, between = grid.view.viewport().grab().toImage(), middle(grid, (3, 0))
    assert shown.pixelColor(between) == QColor(theme.palette.operation("silence"))
