"""The top line: what is typed is told, nothing typed is lost, and a model on its way has its name there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from gui.header import HeaderBar
from gui.pair_chips import PairChip, PairChips
from gui.theme.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from tests.gui.hands import Hands

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def header(qtbot: QtBot) -> HeaderBar:
    menu = QMenu()
    qtbot.addWidget(menu)
    made = HeaderBar(Theme("light"), menu)
    qtbot.addWidget(made)
    made.resize(1200, 50)
    made.show()
    return made


def test_that_the_target_is_told_after_a_pause_and_only_once(header: HeaderBar, qtbot: QtBot) -> None:
    told: list[str] = []
    header.targetEdited.connect(told.append)
    qtbot.keyClicks(header.target, " Li")
    assert told == []
    assert header.typing
    qtbot.waitUntil(lambda: told == [" Li"])
    with qtbot.waitSignal(header.targetFinished):
        qtbot.keyClick(header.target, Qt.Key.Key_Return)
    assert told == [" Li"]


def test_that_an_answer_takes_nothing_away_that_is_typed_meanwhile(header: HeaderBar, qtbot: QtBot) -> None:
    for field, show, told in (
        (header.target, lambda text: header.set_target(text, "likeliest"), header.targetEdited),
        (header.versus, header.set_versus, header.versusEdited),
    ):
        with qtbot.waitSignal(told) as first:
            qtbot.keyClicks(field, " Li")
        qtbot.keyClicks(field, "ly")
        show(first.args[0])
        assert field.text() == " Lily"
        with qtbot.waitSignal(told) as second:
            pass
        assert second.args == [" Lily"]


def test_that_what_is_followed_can_be_read_in_an_empty_target(header: HeaderBar) -> None:
    header.set_target("", "likeliest: ·children")
    words = header.target.fontMetrics().horizontalAdvance(header.target.placeholderText())
    assert words < header.target.width() - 24


def test_that_the_second_key_of_redo_works_while_the_prompt_has_the_focus(hands: Hands, qtbot: QtBot) -> None:
    hands.click_cell("L1H2.z")
    hands.window.header.prompt.setFocus()
    qtbot.keyClick(hands.window.header.prompt, Qt.Key.Key_Z, CONTROL)
    assert hands.cuts == []
    qtbot.keyClick(hands.window.header.prompt, Qt.Key.Key_Y, CONTROL)
    assert len(hands.cuts) == 1


def test_that_a_model_on_its_way_has_its_name_on_the_button(header: HeaderBar) -> None:
    assert header.model.text() == "Choose a model"
    header.set_opening("specimen-gpt2")
    assert header.model.text().startswith("Opening s")
    assert header.model.toolTip() == "Which model is operated on: specimen-gpt2"
    header.set_opening("")
    assert header.model.text() == "Choose a model"
    header.set_opening("specimen-bert")
    header.set_model("specimen-gpt2")
    assert header.model.text() == "specimen-gpt2"


def test_that_a_pair_that_is_not_in_the_prompt_says_so_and_looks_so(qtbot: QtBot) -> None:
    chips = PairChips(Theme("light"))
    qtbot.addWidget(chips)
    chips.set_labels(("cat – mat", "dog – log"))
    whole = chips.findChildren(PairChip)[1].grab().toImage()
    chips.set_labels(("cat – mat", "dog – log"), frozenset({1}))
    one, other = chips.findChildren(PairChip)[-2:]
    assert "not in this prompt" in other.toolTip()
    assert "not in this prompt" not in one.toolTip()
    assert other.grab().toImage() != whole
