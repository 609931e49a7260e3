"""The grid turns clicks, strokes and keys into wishes."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import QApplication

from core.sites.site import parse_site
from gui.surgery.grid_geometry import Hit
from gui.surgery.head_grid import HeadGrid
from tests.gui.surgery.grid_hands import CONTROL, LEFT, SHIFT, Listener, cut, key, label, middle, press
from tests.gui.surgery.prompts import small

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.theme.theme import Theme


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


def heads_and_labels(grid: HeadGrid) -> tuple[int, int, list[str]]:
    """Return how wide a head and a wide column are, and what stands above the wide ones."""
    geometry, painter = grid.view.look.geometry, grid.view.painting
    assert geometry is not None
    wide = range(geometry.model.head_columns, geometry.model.columns)
    return geometry.cell_width, geometry.wide_width, [painter.column_label(geometry.model, c) for c in wide]
