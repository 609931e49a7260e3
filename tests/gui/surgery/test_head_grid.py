"""The grid turns clicks, strokes and keys into wishes."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import QApplication

from core.sites.site import Site, parse_site
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import Cell, GridIncision
from gui.surgery.head_grid import HeadGrid
from tests.gui.surgery.prompts import PIECES, prompt, small

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.theme.theme import Theme

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class Listener:
    """Remembers what a grid wished for."""

    def __init__(self, grid: HeadGrid) -> None:
        self.toggled: list[tuple[list[str], bool]] = []
        self.hovered: list[str] = []
        grid.cellsToggled.connect(self._on_toggled)
        grid.hovered.connect(self._on_hovered)

    def _on_toggled(self, sites: tuple[Site, ...], add: bool) -> None:
        self.toggled.append(([str(site) for site in sites], add))

    def _on_hovered(self, site: Site | None) -> None:
        self.hovered.append(str(site))


@pytest.fixture
def grid(qtbot: QtBot, theme: Theme) -> HeadGrid:
    made = HeadGrid(theme)
    qtbot.addWidget(made)
    made.resize(560, 460)
    made.set_tokens(prompt(*PIECES))
    made.set_chosen((4,))
    made.set_shape(small())
    made.show()
    qtbot.waitExposed(made)
    made.view.setFocus()
    return made


@pytest.fixture
def wished(grid: HeadGrid) -> Listener:
    return Listener(grid)


def middle(grid: HeadGrid, cell: Cell) -> QPoint:
    return grid.view.look.rect(cell).center()


def label(grid: HeadGrid, row: int = -1, column: int = -1) -> QPoint:
    """Return the place of a row's or a column's label."""
    geometry = grid.view.look.geometry
    assert geometry is not None
    if row >= 0:
        return QPoint(geometry.left + 8, middle(grid, (row, geometry.model.columns - 1)).y())
    return QPoint(middle(grid, (1, column)).x(), 8)


def press(qtbot: QtBot, grid: HeadGrid, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    qtbot.mouseClick(grid.view.viewport(), LEFT, keys, place)


def key(qtbot: QtBot, grid: HeadGrid, *names: str, keys: Qt.KeyboardModifier = NONE) -> None:
    for name in names:
        qtbot.keyClick(grid.view, getattr(Qt.Key, f"Key_{name}"), keys)


def cut(site: str, *positions: int, operation: str = "silence") -> GridIncision:
    return GridIncision(parse_site(site), positions, operation)


def test_that_a_click_on_a_free_cell_adds(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    press(qtbot, grid, middle(grid, (4, 5)))
    assert wished.toggled == [(["L3H5.z"], True)]


def test_that_a_click_on_a_cut_cell_takes_off(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_incisions([cut("L3H5.z", 4)])
    press(qtbot, grid, middle(grid, (4, 5)))
    assert wished.toggled == [(["L3H5.z"], False)]


def test_that_a_click_with_another_operation_in_hand_puts_it_there(
    qtbot: QtBot, grid: HeadGrid, wished: Listener
) -> None:
    grid.set_incisions([cut("L3H5.z", 4)])
    grid.set_brush("noise", ())
    press(qtbot, grid, middle(grid, (4, 5)))
    assert wished.toggled == [(["L3H5.z"], True)]
    assert "Click: puts noise in place of silence" in grid.readout.text


def test_that_after_a_drag_the_last_cell_is_lit_and_told(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    area = grid.view.viewport()
    qtbot.mousePress(area, LEFT, pos=middle(grid, (2, 1)))
    assert grid.view.look.hover.cell == (2, 1)
    qtbot.mouseMove(area, middle(grid, (3, 4)))
    qtbot.mouseRelease(area, LEFT, pos=middle(grid, (3, 4)))
    assert grid.view.look.hover.cell == (3, 4)
    assert "L2H4.z" in grid.readout.text
    assert wished.hovered[-1] == "L2H4.z"


def test_that_a_click_where_only_other_tokens_are_cut_adds(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_incisions([cut("L3H5.z", 7)])
    press(qtbot, grid, middle(grid, (4, 5)))
    assert wished.toggled == [(["L3H5.z"], True)]


def test_that_dragging_across_cells_toggles_each_once(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    area = grid.view.viewport()
    qtbot.mousePress(area, LEFT, pos=middle(grid, (2, 1)))
    qtbot.mouseMove(area, middle(grid, (2, 4)))
    qtbot.mouseMove(area, middle(grid, (2, 2)))
    assert grid.view.look.stroke == (frozenset({(2, 1), (2, 2), (2, 3), (2, 4)}), True)
    assert wished.toggled == []
    qtbot.mouseRelease(area, LEFT, pos=middle(grid, (2, 2)))
    assert wished.toggled == [(["L1H1.z", "L1H2.z", "L1H3.z", "L1H4.z"], True)]
    assert grid.view.look.stroke is None


def test_that_a_drag_from_a_cut_cell_takes_off_what_is_cut(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_incisions([cut("L1H1.z", 4), cut("L1H3.z", 4), cut("L1H2.z", 7)])
    area = grid.view.viewport()
    qtbot.mousePress(area, LEFT, pos=middle(grid, (2, 1)))
    qtbot.mouseMove(area, middle(grid, (2, 5)))
    qtbot.mouseRelease(area, LEFT, pos=middle(grid, (2, 5)))
    assert wished.toggled == [(["L1H1.z", "L1H3.z"], False)]


def test_that_escape_gives_up_a_stroke(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    area = grid.view.viewport()
    qtbot.mousePress(area, LEFT, pos=middle(grid, (2, 1)))
    qtbot.mouseMove(area, middle(grid, (2, 5)))
    key(qtbot, grid, "Escape")
    qtbot.mouseRelease(area, LEFT, pos=middle(grid, (2, 5)))
    assert wished.toggled == []


def test_that_shift_click_takes_the_rectangle_from_the_focus(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_incisions([cut("L0H0.z", 4)])
    press(qtbot, grid, middle(grid, (2, 1)), SHIFT)
    assert wished.toggled == [(["L0H1.z", "L1H0.z", "L1H1.z"], True)]


def test_that_a_row_label_takes_the_heads_of_its_layer(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    press(qtbot, grid, label(grid, row=3))
    assert wished.toggled == [([f"L2H{head}.z" for head in range(8)], True)]


def test_that_a_full_row_is_emptied_by_its_label(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_incisions([cut(f"L2H{head}.z", 4) for head in range(8)])
    press(qtbot, grid, label(grid, row=3))
    assert wished.toggled == [([f"L2H{head}.z" for head in range(8)], False)]


def test_that_a_column_label_takes_that_part_of_every_layer(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    press(qtbot, grid, label(grid, column=9))
    press(qtbot, grid, label(grid, column=2))
    assert wished.toggled == [
        ([f"L{layer}.mlp_out" for layer in range(5)], True),
        ([f"L{layer}H2.z" for layer in range(5)], True),
    ]


def test_that_the_keys_walk_and_toggle(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    key(qtbot, grid, "Down", "Right", "Right", "Space", "End", "Return", "PageUp", "Up", "Space")
    assert wished.toggled == [(["L1H2.z"], True), (["L1.resid_post"], True), (["embed"], True)]


def test_that_shift_and_arrows_draw_a_rectangle(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    key(qtbot, grid, "Down", "Right", keys=SHIFT)
    assert len(grid.view.look.outlined) == 4
    key(qtbot, grid, "Space")
    assert wished.toggled == [(["L0H0.z", "L0H1.z", "L1H0.z", "L1H1.z"], True)]


def test_that_control_home_and_end_go_to_the_corners(qtbot: QtBot, grid: HeadGrid) -> None:
    key(qtbot, grid, "End", keys=CONTROL)
    assert grid.view.focus_cell == (6, 11)
    key(qtbot, grid, "Home", keys=CONTROL)
    assert grid.view.focus_cell == (1, 0)


def test_that_delete_removes_whatever_is_at_the_focus(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    key(qtbot, grid, "Delete")
    grid.set_incisions([cut("L0H0.z", 7)])
    key(qtbot, grid, "Delete")
    assert wished.toggled == [(["L0H0.z"], False)]


def test_that_pointing_says_what_is_there(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_incisions([cut("L3H5.z", 4)])
    qtbot.mouseMove(grid.view.viewport(), middle(grid, (4, 5)))
    assert wished.hovered[-1] == "L3H5.z"
    assert "Layer 3, head 5" in grid.readout.text
    assert "silence at 4 ·pine" in grid.readout.text
    qtbot.mouseMove(grid.view.viewport(), label(grid, row=2))
    assert wished.hovered[-1] == "None"
    assert "all 8 heads" in grid.readout.text


def test_that_what_is_said_follows_an_edit_while_the_pointer_rests(qtbot: QtBot, grid: HeadGrid) -> None:
    qtbot.mouseMove(grid.view.viewport(), middle(grid, (4, 5)))
    assert "Click: silence" in grid.readout.text
    grid.set_incisions([cut("L3H5.z", 4)])
    grid.set_effects({(parse_site("L3H5.z"), (4,)): "log p −0.42"})
    assert grid.readout.text.endswith("log p −0.42")


def test_that_without_a_model_nothing_is_wished(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_shape(None)
    press(qtbot, grid, QPoint(200, 100))
    key(qtbot, grid, "Space", "Delete", "Down")
    assert wished.toggled == []
    assert grid.readout.isHidden()


def test_that_another_model_starts_at_its_first_head(qtbot: QtBot, grid: HeadGrid) -> None:
    key(qtbot, grid, "End", "PageDown")
    grid.set_shape(small(2, 2))
    assert grid.view.focus_cell == (1, 0)


def test_that_the_focus_scrolls_into_sight_and_the_labels_stay(qtbot: QtBot, grid: HeadGrid) -> None:
    grid.set_shape(small(80, 64))
    key(qtbot, grid, "End", keys=CONTROL)
    seen = grid.view.viewport().rect()
    assert seen.contains(grid.view.look.rect(grid.view.focus_cell))
    assert grid.view.verticalScrollBar().value() > 0
    geometry = grid.view.look.geometry
    assert geometry is not None
    shown = grid.view.viewport().grab().toImage()
    header = {shown.pixelColor(x, y).name() for x in range(0, shown.width(), 2) for y in range(geometry.header_height)}
    assert len(header) > 1


def test_that_a_cell_shows_the_colour_of_its_operation(qtbot: QtBot, grid: HeadGrid, theme: Theme) -> None:
    grid.set_incisions([cut("L3H5.z", 4, operation="noise")])
    box = grid.view.look.rect((4, 5))
    shown = grid.view.viewport().grab().toImage()
    assert shown.pixelColor(box.left() + 2, box.center().y() + 6) == QColor(theme.palette.operation("noise"))


def test_that_painting_only_what_changed_leaves_nothing_behind(qtbot: QtBot, grid: HeadGrid) -> None:
    grid.set_shape(small(30, 20))
    grid.set_incisions([cut("L3H5.z", 4), cut("L7H5.z", 7), cut("L9H1.z", 4, 5, operation="scale")])
    key(qtbot, grid, "Down", "Right")
    area = grid.view.viewport()
    for cell in ((4, 5), (5, 6), (15, 3), (1, 0), (8, 23), (9, 1)):
        qtbot.mouseMove(area, middle(grid, cell))
        QApplication.processEvents()
    on_screen = grid.screen().grabWindow(grid.winId()).toImage()
    assert on_screen == grid.grab().toImage()


def test_that_screen_readers_find_a_table_of_cells(grid: HeadGrid) -> None:
    grid.set_incisions([cut("L0H0.z", 4)])
    table = QAccessible.queryAccessibleInterface(grid.view)
    assert table.role() == QAccessible.Role.Table
    assert table.childCount() == 62
    assert table.child(1).text(QAccessible.Text.Name) == "layer 0 head 0, silence at tokens 4"
    assert table.child(1).state().checked
    assert not table.child(2).state().checked
    assert table.child(1).parent() is table
    assert table.child(99) is None


def test_that_screen_readers_find_the_cell_at_a_place_and_the_focus(grid: HeadGrid) -> None:
    table = QAccessible.queryAccessibleInterface(grid.view)
    place = grid.view.viewport().mapToGlobal(middle(grid, (1, 3)))
    assert table.childAt(place.x(), place.y()).text(QAccessible.Text.Name) == "layer 0 head 3"
    assert table.indexOfChild(table.child(4)) == 4


def test_that_a_grid_may_go_while_a_screen_reader_knows_it(qtbot: QtBot, theme: Theme) -> None:
    for _ in range(3):
        made = HeadGrid(theme)
        qtbot.addWidget(made)
        made.set_shape(small())
        table = QAccessible.queryAccessibleInterface(made.view)
        assert table.child(3).text(QAccessible.Text.Name)
        made.close()
        del made, table
        gc.collect()


def test_that_the_wide_columns_leave_the_room_to_the_heads_where_it_is_scarce(grid: HeadGrid) -> None:
    assert heads_and_labels(grid)[2] == ["ATTN", "MLP", "BLOCK", "RESID"]
    grid.set_shape(small(5, 24))
    head, wide, labels = heads_and_labels(grid)
    assert wide <= 1.5 * head
    assert labels == ["A", "M", "B", "R"]
    grid.view.point_at(Hit(column=24))
    grid.view.pointed.emit(Hit(column=24))
    assert "ATTN of every layer" in grid.readout.text


def test_that_the_wide_columns_keep_their_names_where_heads_would_not_gain(grid: HeadGrid) -> None:
    grid.set_shape(small(24, 8))
    grid.resize(900, 420)
    assert heads_and_labels(grid)[2] == ["ATTN", "MLP", "BLOCK", "RESID"]


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


def heads_and_labels(grid: HeadGrid) -> tuple[int, int, list[str]]:
    """Return how wide a head and a wide column are, and what stands above the wide ones."""
    geometry, painter = grid.view.look.geometry, grid.view.painting
    assert geometry is not None
    wide = range(geometry.model.head_columns, geometry.model.columns)
    return geometry.cell_width, geometry.wide_width, [painter.column_label(geometry.model, c) for c in wide]
