"""The token strip turns clicks, drags and keys into wishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from core.sites.selection import ALL, MASK, at
from gui.surgery.token_strip import TokenStrip
from tests.gui.surgery.prompts import PIECES, prompt

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from pytestqt.qtbot import QtBot

    from gui.theme.theme import Theme

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Heard = Callable[["SignalInstance"], list[tuple[object, ...]]]


@pytest.fixture
def heard() -> Heard:
    def listen(signal: SignalInstance) -> list[tuple[object, ...]]:
        told: list[tuple[object, ...]] = []
        signal.connect(lambda *values: told.append(values))
        return told

    return listen


@pytest.fixture
def strip(qtbot: QtBot, theme: Theme) -> TokenStrip:
    made = TokenStrip(theme)
    qtbot.addWidget(made)
    made.resize(900, 120)
    made.set_tokens(prompt(*PIECES))
    made.set_chosen((2,))
    made.show()
    qtbot.waitExposed(made)
    made.canvas.setFocus()
    return made


def place(strip: TokenStrip, position: int) -> QPoint:
    """Return the middle of a chip."""
    canvas = strip.canvas
    return canvas.chips.chip(canvas.look, position).center().toPoint()


def drag(qtbot: QtBot, strip: TokenStrip, start: int, end: int, keys: Qt.KeyboardModifier) -> None:
    """Press on one chip and let go over another."""
    qtbot.mousePress(strip.canvas, LEFT, keys, place(strip, start))
    qtbot.mouseMove(strip.canvas, place(strip, end))
    qtbot.mouseRelease(strip.canvas, LEFT, keys, place(strip, end))


def selections(told: list[tuple[object, ...]]) -> list[object]:
    return [values[0] for values in told]


def test_that_a_click_chooses_only_that_token(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 4))
    assert selections(told) == [at(4)]


def test_that_the_strip_waits_to_be_told_what_is_chosen(qtbot: QtBot, strip: TokenStrip) -> None:
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 4))
    assert strip.canvas.look.chosen == {2}


def test_that_control_click_adds_and_takes_off(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    qtbot.mouseClick(strip.canvas, LEFT, CONTROL, place(strip, 4))
    strip.set_chosen((2, 4))
    qtbot.mouseClick(strip.canvas, LEFT, CONTROL, place(strip, 2))
    assert selections(told) == [at(2, 4), at(4)]


def test_that_shift_click_chooses_the_range_from_the_last_click(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 6))
    qtbot.mouseClick(strip.canvas, LEFT, SHIFT, place(strip, 3))
    assert selections(told) == [at(6), at(3, 4, 5, 6)]


def test_that_a_drag_shows_its_range_at_once_and_says_it_at_the_end(
    qtbot: QtBot, strip: TokenStrip, heard: Heard
) -> None:
    told = heard(strip.selectionChosen)
    qtbot.mousePress(strip.canvas, LEFT, pos=place(strip, 3))
    qtbot.mouseMove(strip.canvas, place(strip, 6))
    assert strip.canvas.look.chosen == {3, 4, 5, 6}
    assert told == []
    qtbot.mouseRelease(strip.canvas, LEFT, pos=place(strip, 6))
    assert selections(told) == [at(3, 4, 5, 6)]


def test_that_a_control_drag_adds_to_what_is_chosen(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    drag(qtbot, strip, 6, 7, CONTROL)
    assert selections(told) == [at(2, 6, 7)]


def test_that_dragging_over_every_token_chooses_all(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    drag(qtbot, strip, 0, 9, Qt.KeyboardModifier.NoModifier)
    assert selections(told) == [ALL]


def test_that_a_double_click_chooses_all(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    qtbot.mouseDClick(strip.canvas, LEFT, pos=place(strip, 4))
    assert selections(told)[-1] == ALL


def test_that_two_clicks_with_the_pair_tool_make_a_pair(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    pairs, tools, chosen = heard(strip.pairChosen), heard(strip.toolChosen), heard(strip.selectionChosen)
    qtbot.mouseClick(strip.tools["pair"], LEFT)
    assert strip.ask.text() == "click token A"
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 5))
    assert strip.ask.text() == "now click token B"
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 9))
    assert pairs == [(5, 9)]
    assert tools == [("pair",), ("cut",)]
    assert chosen == []


def test_that_what_the_pair_tool_asks_stands_beside_its_button(strip: TokenStrip) -> None:
    assert strip.ask.isHidden()
    strip.set_tool("pair")
    QApplication.processEvents()
    assert strip.ask.isVisible()
    assert 0 <= strip.ask.x() - strip.tools["pair"].geometry().right() < 12
    assert strip.ask.width() >= strip.ask.fontMetrics().horizontalAdvance(strip.ask.text())
    strip.set_tool("cut")
    assert strip.ask.isHidden()


def test_that_a_token_makes_no_pair_with_itself(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    pairs = heard(strip.pairChosen)
    strip.set_tool("pair")
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 5))
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 5))
    assert pairs == []
    assert strip.canvas.look.pending is None


def test_that_an_echo_of_the_tool_keeps_the_first_token_of_a_pair(qtbot: QtBot, strip: TokenStrip) -> None:
    strip.set_tool("pair")
    qtbot.mouseClick(strip.canvas, LEFT, pos=place(strip, 5))
    strip.set_tool("pair")
    assert strip.canvas.look.pending == 5


def test_that_escape_gives_up_a_pair(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    tools = heard(strip.toolChosen)
    qtbot.keyClick(strip.canvas, Qt.Key.Key_P)
    qtbot.keyClick(strip.canvas, Qt.Key.Key_Space)
    qtbot.keyClick(strip.canvas, Qt.Key.Key_Escape)
    assert tools == [("pair",), ("cut",)]
    assert strip.canvas.look.pending is None
    assert strip.tools["cut"].isChecked()


def test_that_the_keys_walk_toggle_and_extend(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Space):
        qtbot.keyClick(strip.canvas, key)
    qtbot.keyClick(strip.canvas, Qt.Key.Key_Right, SHIFT)
    qtbot.keyClick(strip.canvas, Qt.Key.Key_End)
    qtbot.keyClick(strip.canvas, Qt.Key.Key_Return)
    qtbot.keyClick(strip.canvas, Qt.Key.Key_A)
    assert selections(told) == [at(2, 3), at(3, 4), at(9), ALL]


def test_that_the_quick_picks_follow_the_prompt(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    assert strip.picks["mask"].isHidden()
    strip.set_tokens(prompt("[CLS]", "a", "[MASK]", special=(0, 2), mask=(2,)))
    for name in ("all", "last", "mask"):
        qtbot.mouseClick(strip.picks[name], LEFT)
    assert selections(told) == [ALL, at(-1), MASK]


def test_that_the_caption_counts(strip: TokenStrip) -> None:
    strip.set_chosen((1, 2, 3))
    assert strip.caption.text() == "3 of 10 tokens chosen"


def test_that_without_tokens_nothing_can_be_pressed(qtbot: QtBot, strip: TokenStrip, heard: Heard) -> None:
    told = heard(strip.selectionChosen)
    strip.set_tokens(None)
    qtbot.mouseClick(strip.canvas, LEFT, pos=QPoint(20, 20))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Space, Qt.Key.Key_A):
        qtbot.keyClick(strip.canvas, key)
    assert told == []
    assert not strip.tools["cut"].isEnabled()
    assert strip.caption.text() == ""


def test_that_a_long_prompt_scrolls_beyond_three_rows(qtbot: QtBot, strip: TokenStrip) -> None:
    short = strip.minimumSizeHint().height()
    strip.set_tokens(prompt(*(" word" for _ in range(1000))))
    assert strip.canvas.rows > 3
    assert strip.minimumSizeHint().height() < 4 * short
    assert strip.canvas.minimumHeight() == strip.canvas.height_of(strip.canvas.rows)


def test_that_several_pairs_are_numbered_and_one_is_not(strip: TokenStrip) -> None:
    strip.set_pairs(((1, 9, 0),))
    assert strip.canvas.look.badges == {1: [("A", 0)], 9: [("B", 0)]}
    strip.set_pairs(((1, 9, 0), (1, 3, 2)))
    assert strip.canvas.look.badges == {1: [("A1", 0), ("A2", 2)], 9: [("B1", 0)], 3: [("B2", 2)]}


def test_that_screen_readers_hear_each_token_with_its_state(strip: TokenStrip) -> None:
    strip.set_pairs(((4, 9, 0),))
    strip.set_incised({4})
    strip.set_read_position(9)
    table = QAccessible.queryAccessibleInterface(strip.canvas)
    assert table.childCount() == 10
    assert table.child(4).text(QAccessible.Text.Name) == "token 4 ' pine', token A of a pair, has incisions"
    assert table.child(9).text(QAccessible.Text.Name).endswith("token B of a pair, the prediction is read here")
    assert table.child(2).state().checked


def test_that_the_strip_follows_the_text_size(strip: TokenStrip, theme: Theme) -> None:
    before = strip.canvas.chips.row_height(strip.canvas.look)
    theme.use(scale=1.5)
    assert strip.canvas.chips.row_height(strip.canvas.look) > 1.4 * before
