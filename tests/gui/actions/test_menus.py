"""Menus: what they undo, what is on, what can be done now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from gui.actions.keys_dialog import KeysDialog
from gui.assembly import Application, assemble
from gui.settings import Settings
from gui.theme.theme import SCALES, Theme
from tests.gui.hands import Hands
from tests.gui.wiring.sessions import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier

# A second key for larger text, and one that every application has.
# Of the operations' keys only the first and the last of each row are named.
LEFT_OUT = {"Ctrl+=", "Ctrl+Q", *(f"Ctrl+{n}" for n in range(2, 9)), "Ctrl+Alt+2", "Ctrl+Alt+3"}


@pytest.fixture
def made(qapp: object) -> Iterator[Application]:
    """The application before it is started."""
    application = assemble(SESSION, Theme("light"), Settings(None))
    application.window.show()
    yield application
    application.close()


def looks(made: Application, name: str) -> tuple[str, bool]:
    return made.actions[name].text(), made.actions[name].isEnabled()


def ticked(made: Application, *names: str) -> list[str]:
    assert all(made.actions[name].isCheckable() for name in names)
    return [name for name in names if made.actions[name].isChecked()]


def test_that_undo_and_redo_say_what_they_do_and_are_off_when_there_is_nothing(made: Application) -> None:
    assert looks(made, "Undo") == ("Undo", False)
    assert looks(made, "Redo") == ("Redo", False)
    made.store.edit(replace(SESSION, prompt="b"), "Change the prompt")
    made.store.edit(replace(SESSION, prompt="b", target=" c"), "Choose the target")
    assert looks(made, "Undo") == ("Undo: Choose the target", True)
    made.actions["Undo"].trigger()
    assert looks(made, "Undo") == ("Undo: Change the prompt", True)
    assert looks(made, "Redo") == ("Redo: Choose the target", True)
    made.actions["Undo"].trigger()
    assert looks(made, "Undo") == ("Undo", False)
    made.actions["Redo"].trigger()
    assert made.store.session.prompt == "b"


def test_that_every_step_has_a_name_that_can_follow_undo(hands: Hands) -> None:
    hands.click_token(3)
    hands.choose("noise")
    hands.click_cell("L1H2.z")
    hands.drag_dose(0.3, 0.8)
    hands.click_plan(0, "check")
    hands.click_plan(0, "remove")
    hands.retype(hands.window.header.target, " the")
    hands.retype(hands.window.header.prompt, "the cat")
    hands.wait_until_quiet()
    history = hands.store.history
    assert [history.text(step) for step in range(history.count())] == [
        "Choose tokens",
        "Take noise",
        "Noise L1H2.z",
        "Change sigma",
        "Switch an incision off",
        "Take an incision away",
        "Choose the target",
        "Change the prompt",
    ]


def test_that_the_theme_in_force_is_ticked_and_a_second_choice_keeps_it(made: Application) -> None:
    assert ticked(made, "Light", "Dark") == ["Light"]
    for _ in range(2):
        made.actions["Dark"].trigger()
        assert ticked(made, "Light", "Dark") == ["Dark"]
        assert made.theme.palette.name == "dark"


def test_that_text_grows_and_shrinks_in_steps_that_end(made: Application) -> None:
    for _ in SCALES:
        made.actions["Larger text"].trigger()
    assert made.theme.scale == SCALES[-1]
    assert not made.actions["Larger text"].isEnabled()
    for _ in SCALES:
        made.actions["Smaller text"].trigger()
    assert made.theme.scale == SCALES[0]
    assert not made.actions["Smaller text"].isEnabled()
    made.actions["Normal text"].trigger()
    assert made.theme.scale == 1.0
    assert made.actions["Larger text"].isEnabled()


def test_that_every_panel_has_a_ticked_entry_that_hides_it(made: Application) -> None:
    for dock in made.window.docks.values():
        name = dock.windowTitle()
        assert ticked(made, name) == [name]
        made.actions[name].trigger()
        assert dock.isHidden()
        assert ticked(made, name) == []
        dock.show()
        assert ticked(made, name) == [name]


def test_that_the_default_layout_brings_every_panel_back(made: Application) -> None:
    for dock in made.window.docks.values():
        dock.close()
    made.actions["Default layout"].trigger()
    assert not any(dock.isHidden() for dock in made.window.docks.values())


def test_that_cuts_can_only_be_cleared_and_switched_where_there_are_some(hands: Hands) -> None:
    names = ("Clear all incisions", "Switch all incisions off", "Switch all incisions on")
    assert [hands.action(name).isEnabled() for name in names] == [False, False, False]
    hands.click_cell("L1H2.z")
    assert [hands.action(name).isEnabled() for name in names] == [True, True, False]
    hands.action("Switch all incisions off").trigger()
    assert [hands.action(name).isEnabled() for name in names] == [True, False, True]


def test_that_the_operation_in_force_is_ticked(made: Application) -> None:
    names = tuple(name for name in made.actions if name.startswith("Operation"))
    assert ticked(made, *names) == ["Operation: Silence"]
    for _ in range(2):
        made.actions["Operation: Noise"].trigger()
        assert ticked(made, *names) == ["Operation: Noise"]
    made.actions["Undo"].trigger()
    assert ticked(made, *names) == ["Operation: Silence"]


def test_that_nothing_can_be_cancelled_while_nothing_runs(made: Application) -> None:
    assert not made.actions["Cancel"].isEnabled()
    made.actions["Cancel"].trigger()
    assert made.notifications.notices == ()


def test_that_no_two_entries_share_a_key(made: Application) -> None:
    keys = [key.toString() for action in made.actions.values() for key in action.shortcuts()]
    assert len(keys) == len(set(keys))
    assert "" not in keys


def test_that_undo_and_redo_answer_to_their_keys(hands: Hands, qtbot: QtBot) -> None:
    hands.click_cell("L1H2.z")
    qtbot.keyClick(hands.window, Qt.Key.Key_Z, CONTROL)
    assert hands.cuts == []
    qtbot.keyClick(hands.window, Qt.Key.Key_Z, CONTROL | SHIFT)
    assert hands.cuts == ["L1H2.z@-1=silence"]
    qtbot.keyClick(hands.window, Qt.Key.Key_Z, CONTROL)
    qtbot.keyClick(hands.window, Qt.Key.Key_Y, CONTROL)
    assert hands.cuts == ["L1H2.z@-1=silence"]


def test_that_about_opens_a_box_and_goes_on(made: Application) -> None:
    seen: list[str] = []

    def accept() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append(box.text())
        box.accept()

    QTimer.singleShot(0, made.window, accept)
    made.actions["About"].trigger()
    assert len(seen[0]) > 40


def test_that_every_shortcut_of_the_menus_stands_in_the_table_of_keys(made: Application) -> None:
    seen: list[str] = []

    def close() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, KeysDialog)
        assert dialog.table.height() >= dialog.table.sizeHint().height()
        seen.append(dialog.table.text())
        dialog.close()

    QTimer.singleShot(0, made.window, close)
    made.actions["Keys"].trigger()
    table = seen[0]
    shortcuts = {key.toString() for action in made.actions.values() for key in action.shortcuts()}
    assert {key for key in shortcuts - LEFT_OUT if key not in table} == set()
