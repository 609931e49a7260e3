"""Prompt, token choice, pairs: from mouse and keys to the session and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from gui.pair_chips import PairChip
from gui.widgets.field import TYPING_PAUSE_MS
from tests.gui.hands import LEFT, Hands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def chips(hands: Hands) -> list[PairChip]:
    return [chip for chip in hands.window.chips.findChildren(PairChip) if not chip.isHidden()]


def chosen(hands: Hands) -> tuple[int, ...]:
    return hands.window.strip.canvas.chosen


def pair(hands: Hands, a: int, b: int) -> None:
    hands.click(hands.window.strip.tools["pair"])
    hands.click_token(a)
    hands.click_token(b)
    hands.wait_until_quiet()


def test_that_a_typed_prompt_is_split_after_a_pause(hands: Hands, qtbot: QtBot) -> None:
    field, before = hands.window.header.prompt, hands.session.prompt
    hands.click(field)
    field.selectAll()
    qtbot.keyClicks(field, "the cat")
    assert hands.session.prompt == before
    assert TYPING_PAUSE_MS < 500
    hands.wait_until_quiet()
    assert hands.session.prompt == "the cat"
    assert "".join(hands.strip).replace("·", " ") == "the cat"
    assert hands.result.tokens.prompt == "the cat"


def test_that_enter_ends_the_pause_and_the_step(hands: Hands, qtbot: QtBot) -> None:
    hands.retype(hands.window.header.prompt, "the cat")
    assert hands.session.prompt == "the cat"
    hands.retype(hands.window.header.prompt, "the dog")
    hands.action("Undo").trigger()
    assert hands.session.prompt == "the cat"
    assert hands.window.header.prompt.text() == "the cat"


def test_that_a_prompt_typed_in_one_go_is_one_step(hands: Hands, qtbot: QtBot) -> None:
    before = hands.session
    hands.retype(hands.window.header.prompt, "the", enter=False)
    hands.wait_until_quiet()
    qtbot.keyClicks(hands.window.header.prompt, " cat")
    hands.wait_until_quiet()
    assert hands.store.history.count() == 1
    hands.action("Undo").trigger()
    assert hands.session == before


def test_that_undo_keys_in_the_prompt_reach_the_session_once_its_own_typing_is_taken_back(
    hands: Hands, qtbot: QtBot
) -> None:
    hands.click_cell("L0H0.z")
    hands.wait_until_quiet()
    field, before = hands.window.header.prompt, hands.session.prompt
    hands.click(field)
    qtbot.keyClicks(field, " and")
    hands.wait_until_quiet()
    qtbot.keyClick(field, Qt.Key.Key_Z, CONTROL)
    hands.wait_until_quiet()
    assert hands.session.prompt == before
    assert len(hands.cuts) == 1
    qtbot.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert hands.cuts == []


def test_that_a_click_chooses_a_token_ctrl_adds_and_shift_extends(hands: Hands) -> None:
    hands.click_token(2)
    assert (str(hands.session.chosen), chosen(hands)) == ("2", (2,))
    hands.click_token(4, CONTROL)
    assert chosen(hands) == (2, 4)
    hands.click_token(4, CONTROL)
    assert chosen(hands) == (2,)
    hands.click_token(5, SHIFT)
    assert chosen(hands) == (4, 5) or chosen(hands) == (2, 3, 4, 5)
    assert chosen(hands)[-1] == 5


def test_that_tokens_are_chosen_with_keys_alone(hands: Hands, qtbot: QtBot) -> None:
    canvas = hands.window.strip.canvas
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert chosen(hands) == (0,)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, SHIFT)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, SHIFT)
    assert chosen(hands) == (0, 1, 2)
    qtbot.keyClick(canvas, Qt.Key.Key_A)
    assert str(hands.session.chosen) == "all"
    assert len(chosen(hands)) == len(hands.strip)


def test_that_choosing_tokens_runs_nothing_and_is_undone(hands: Hands) -> None:
    count = len(hands.results)
    hands.click_token(2)
    hands.wait_until_quiet()
    assert len(hands.results) == count
    hands.action("Undo").trigger()
    assert str(hands.session.chosen) == "-1"


def test_that_two_clicked_tokens_give_a_curve_and_a_chip(hands: Hands) -> None:
    panel = hands.window.panels["cosine_curve"]
    assert "Choose two tokens" in panel.reason  # type: ignore[attr-defined]
    pair(hands, 1, 3)
    assert [(str(each.a), str(each.b)) for each in hands.session.pairs] == [("1", "3")]
    curves = hands.result.clean.curves["cosine"]
    assert curves.values.shape == (1, hands.result.model.n_layers + 1)
    (chip,) = chips(hands)
    assert chip.text() == curves.labels[0]
    assert panel.reason == ""  # type: ignore[attr-defined]
    # The tool is laid down again: the next click chooses.
    hands.click_token(0)
    assert chosen(hands) == (0,)


def test_that_two_tokens_are_paired_with_keys_alone(hands: Hands, qtbot: QtBot) -> None:
    canvas = hands.window.strip.canvas
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    for key in (Qt.Key.Key_P, Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Space):
        qtbot.keyClick(canvas, key)
    hands.wait_until_quiet()
    assert [(str(each.a), str(each.b)) for each in hands.session.pairs] == [("0", "1")]


def test_that_a_click_on_a_chip_takes_its_pair_away(hands: Hands) -> None:
    pair(hands, 1, 3)
    pair(hands, 0, 2)
    hands.click(chips(hands)[0])
    hands.wait_until_quiet()
    assert [(str(each.a), str(each.b)) for each in hands.session.pairs] == [("0", "2")]
    assert len(hands.result.clean.curves["cosine"].labels) == 1
    hands.click(chips(hands)[0])
    hands.wait_until_quiet()
    assert hands.window.chips.isHidden()
    assert "Choose two tokens" in hands.window.panels["cosine_curve"].reason  # type: ignore[attr-defined]


def test_that_a_fifth_pair_is_refused_in_words_until_one_is_taken_away(hands: Hands) -> None:
    for token in range(1, 6):
        pair(hands, 0, token)
    assert len(hands.session.pairs) == 4
    assert hands.notices["pairs"] == "There are 4 pairs already. Remove one before you add another."
    hands.action("Undo").trigger()
    assert hands.notices == {}


def test_that_a_pair_that_the_prompt_does_not_hold_is_kept_and_said_to_be_missing(hands: Hands) -> None:
    pair(hands, 1, 6)
    hands.type_prompt("the")
    assert len(hands.session.pairs) == 1
    assert "There is no token 6" in hands.notices["pair"] or "There is no token 1" in hands.notices["pair"]
    hands.action("Undo").trigger()
    hands.wait_until_quiet()
    assert "pair" not in hands.notices
    assert len(hands.result.clean.curves["cosine"].labels) == 1


def test_that_dragging_over_tokens_chooses_them(hands: Hands, qtbot: QtBot) -> None:
    canvas = hands.window.strip.canvas
    places = [canvas.cell_source().rect(position).center() for position in (1, 2, 3)]
    qtbot.mousePress(canvas, LEFT, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(canvas, place)
    qtbot.mouseRelease(canvas, LEFT, pos=places[-1])
    assert chosen(hands) == (1, 2, 3)
