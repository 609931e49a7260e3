"""The dialog of reference prompts: sets, files and lines of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QDialogButtonBox

from core.sessions.edits import MOST_REFERENCES
from core.text.prompt_sets import prompt_sets
from gui.dialogs.reference_prompts import ReferencePrompts, lines_of, summary

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

OK = QDialogButtonBox.StandardButton.Ok


@pytest.fixture
def dialog(qtbot: QtBot) -> ReferencePrompts:
    made = ReferencePrompts(("One cat.", "Two old dogs."))
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    ("prompts", "words"),
    [
        ((), "no prompts"),
        (("one",), "1 prompt of 1 word"),
        (("one two",), "1 prompt of 2 words"),
        (("one two", "three four"), "2 prompts of 2 words each"),
        (("a b c", "d"), "2 prompts of 1 to 3 words"),
    ],
)
def test_that_it_says_how_many_there_are_and_how_long(prompts: tuple[str, ...], words: str) -> None:
    assert summary(prompts) == words


def test_that_lines_are_prompts_each_once_and_empty_ones_are_none() -> None:
    assert lines_of(" a b \n\n c\na b\n") == ("a b", "c")


def test_that_it_begins_with_what_is_in_force_and_takes_what_is_typed(dialog: ReferencePrompts, qtbot: QtBot) -> None:
    assert list(dialog.prompts) == ["One cat.", "Two old dogs."]
    dialog.text.setFocus()
    dialog.text.selectAll()
    qtbot.keyClicks(dialog.text, "My own prompt.")
    assert list(dialog.prompts) == ["My own prompt."]
    assert dialog.count.text() == "1 prompt of 3 words"


def test_that_every_shipped_set_has_a_button(dialog: ReferencePrompts) -> None:
    for name, each in prompt_sets().items():
        dialog.buttons[name].click()
        assert dialog.prompts == each.prompts
        assert str(len(each.prompts)) in dialog.buttons[name].text()
    dialog.buttons["clear"].click()
    assert dialog.prompts == ()


def test_that_a_file_is_loaded_or_refused_in_words(dialog: ReferencePrompts, tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("First one.\n\nSecond.\n", encoding="utf-8")
    dialog.load(str(path))
    assert dialog.prompts == ("First one.", "Second.")
    dialog.load(str(tmp_path / "missing.txt"))
    assert "missing.txt" in dialog.error.text()
    assert dialog.error.isVisible()
    assert dialog.prompts == ("First one.", "Second.")


def test_that_too_many_cannot_be_taken(dialog: ReferencePrompts) -> None:
    dialog.text.setPlainText("\n".join(f"prompt {number}" for number in range(MOST_REFERENCES + 2)))
    assert not dialog.box.button(OK).isEnabled()
    assert "take 2 away" in dialog.error.text()
    dialog.text.setPlainText("one")
    assert dialog.box.button(OK).isEnabled()
    assert dialog.error.isHidden()
