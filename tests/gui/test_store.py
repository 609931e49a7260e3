"""The store: one step an edit, grouped streams, a thousand steps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.sessions.session import Session
from gui.store import SessionStore

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SESSION = Session(model="tiny", prompt="a")


@pytest.fixture
def store(qapp: object) -> SessionStore:
    return SessionStore(SESSION)


def say(store: SessionStore, prompt: str, **how: object) -> None:
    store.edit(replace(store.session, prompt=prompt), f"Say {prompt}", **how)  # type: ignore[arg-type]


def test_that_every_edit_is_a_step_of_its_own(store: SessionStore) -> None:
    for prompt in "bcd":
        say(store, prompt)
    seen = []
    for _ in range(3):
        store.undo()
        seen.append(store.session.prompt)
    assert seen == ["c", "b", "a"]
    store.redo()
    assert store.session.prompt == "b"


def test_that_a_change_is_told_with_the_session_before_and_after(store: SessionStore, qtbot: QtBot) -> None:
    with qtbot.waitSignal(store.changed) as told:
        say(store, "b")
    assert told.args is not None
    assert [session.prompt for session in told.args] == ["a", "b"]


def test_that_an_edit_that_changes_nothing_is_no_step(store: SessionStore, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(store.changed):
        say(store, "a")
    assert store.history.count() == 0


def test_that_edits_of_one_group_are_one_step(store: SessionStore) -> None:
    for prompt in ("ab", "abc", "abcd"):
        say(store, prompt, group="prompt")
    assert store.history.count() == 1
    store.undo()
    assert store.session == SESSION
    store.redo()
    assert store.session.prompt == "abcd"


def test_that_another_group_or_a_seal_begins_another_step(store: SessionStore) -> None:
    say(store, "ab", group="prompt")
    store.seal()
    say(store, "abc", group="prompt")
    say(store, "abcd", group="dose")
    assert store.history.count() == 3


def test_that_what_follows_an_undo_is_a_step_of_its_own(store: SessionStore) -> None:
    say(store, "ab", group="prompt")
    store.edit(replace(store.session, top_k=3), "Show three")
    store.undo()
    say(store, "abc", group="prompt")
    store.undo()
    assert store.session.prompt == "ab"


def test_that_a_group_that_leads_back_to_its_beginning_is_no_step(store: SessionStore) -> None:
    say(store, "ab", group="prompt")
    say(store, "a", group="prompt")
    assert store.history.count() == 0
    assert not store.history.canUndo()


def test_that_a_stream_is_told_as_one_only_while_it_lasts(store: SessionStore) -> None:
    seen = []
    store.changed.connect(lambda before, after: seen.append(store.dragging))
    say(store, "b", dragging=True)
    say(store, "c")
    store.undo()
    assert seen == [True, False, False]


def test_that_a_thousand_steps_can_be_taken_back_and_older_ones_are_forgotten(store: SessionStore) -> None:
    for number in range(1, 1101):
        say(store, str(number))
    while store.history.canUndo():
        store.undo()
    assert store.session.prompt == "100"
    while store.history.canRedo():
        store.redo()
    assert store.session.prompt == "1100"


def test_that_a_dose_dragged_through_ten_thousand_values_is_one_step(store: SessionStore) -> None:
    for number in range(10_000):
        say(store, str(number), group="dose", dragging=True)
    assert store.history.count() == 1
