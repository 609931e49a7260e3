"""The model thread at work: the latest wins, streams show what is on the way, nothing hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QThread

from core.errors import SurgeryError
from core.models import loading
from core.runs import self_check as self_check_module
from core.runs.events import CheckLine, CheckReport
from core.sessions import operate as operate_module
from gui.widgets.stale_veil import OUTDATED
from gui.worker.model_thread import ModelThread
from tests.fixtures.tiny_models import TinyModel
from tests.gui.conftest import Opener
from tests.gui.hands import Hands
from tests.gui.worker.gate import Gate

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def gate(hands: Hands) -> Iterator[Gate]:
    """A gate in the tiny model, still shut."""
    made = Gate(hands)
    hands.results.clear()
    yield made
    made.remove()


def came_more_than(hands: Hands, count: int) -> bool:
    return len(hands.results) > count


def sigma(hands: Hands) -> float:
    return float(dict(hands.session.plan[0].params)["sigma"])


def test_that_a_newer_click_stops_the_running_pass_inside_the_model(hands: Hands, gate: Gate) -> None:
    hands.click_cell("L1H0.z")
    gate.wait_for_a_pass()
    hands.click_cell("L2H0.z")
    gate.open()
    hands.wait_until_quiet()
    assert gate.runs == 1
    assert [len(result.request.plan) for result in hands.results] == [2]


def test_that_undoing_while_it_runs_shows_the_session_before(hands: Hands, gate: Gate) -> None:
    hands.click_cell("L1H0.z")
    gate.wait_for_a_pass()
    hands.action("Undo").trigger()
    gate.open()
    hands.wait_until_quiet()
    assert [result.request.plan for result in hands.results] == [()]


def test_that_a_dragged_dose_shows_results_on_the_way_and_leaves_one_waiting(hands: Hands, gate: Gate) -> None:
    hands.choose("noise")
    hands.click_cell("L1H0.z")
    gate.wait_for_a_pass()
    first = sigma(hands)
    hands.drag_dose(*(0.3 + 0.01 * step for step in range(60)))
    gate.open()
    hands.wait_until_quiet()
    doses = [dict(result.request.plan[0].params)["sigma"] for result in hands.results]
    assert doses == [first, sigma(hands)]
    assert gate.runs == 2
    assert sigma(hands) > first


def test_that_results_follow_a_dose_that_is_dragged_slowly(hands: Hands) -> None:
    hands.choose("noise")
    hands.click_cell("L1H0.z")
    hands.wait_until_quiet()
    hands.results.clear()
    field = hands.window.brush.fields["sigma"]
    for dose in (0.5, 1.5, 2.5):
        count = len(hands.results)
        field.edited.emit("sigma", dose, True)
        hands.qtbot.waitUntil(partial(came_more_than, hands, count))
    assert [dict(result.request.plan[0].params)["sigma"] for result in hands.results] == [0.5, 1.5, 2.5]


def test_that_panels_say_they_are_updating_only_until_the_answer_is_there(hands: Hands, gate: Gate) -> None:
    veil = hands.window.panels["log_prob_curve"].veil  # type: ignore[attr-defined]
    hands.click_cell("L1H0.z")
    hands.qtbot.waitUntil(veil.isVisible)
    gate.open()
    hands.wait_until_quiet()
    assert not veil.isVisible()
    assert not veil.waiting


def test_that_a_long_run_can_be_cancelled_in_the_status_line(hands: Hands, gate: Gate) -> None:
    hands.click_cell("L1H0.z")
    gate.wait_for_a_pass()
    cancel = hands.action("Cancel")
    assert cancel.isEnabled()
    hands.qtbot.waitUntil(lambda: hands.window.status.doing != "")
    hands.click(hands.window.status.cancel)
    assert "stopped" in hands.notices["cancelled"]
    gate.open()
    hands.wait_until_quiet()
    assert hands.results == []
    assert not cancel.isEnabled()
    veil = hands.window.panels["log_prob_curve"].veil  # type: ignore[attr-defined]
    assert veil.mark == OUTDATED
    hands.action("Run again").trigger()
    hands.wait_until_quiet()
    assert len(hands.results) == 1
    assert "cancelled" not in hands.notices


def test_that_closing_the_window_in_the_middle_of_a_run_ends_the_thread_at_once(hands: Hands) -> None:
    gate = Gate(hands)
    hands.click_cell("L1H0.z")
    gate.wait_for_a_pass()
    hands.window.close()
    gate.remove()
    started = time.monotonic()
    hands.close()
    assert time.monotonic() - started < 5
    assert gate.runs == 0
    assert not hands.made.thread.running


def test_that_closing_the_window_while_a_model_is_loaded_ends_the_thread(
    open_window: Opener, tiny_gpt2: TinyModel, qtbot: QtBot
) -> None:
    hands = open_window("--model", str(tiny_gpt2.folder), wait=False)
    qtbot.waitUntil(lambda: len(hands.progress) > 1)
    hands.close()
    assert not hands.made.thread.running
    assert hands.results == []


def test_that_a_thread_that_was_never_started_can_be_stopped_twice(qapp: object) -> None:
    thread = ModelThread()
    thread.stop()
    thread.stop()
    assert thread.idle


def test_that_progress_is_shown_while_a_model_is_opened(open_window: Opener, tiny_gpt2: TinyModel) -> None:
    hands = open_window("--model", str(tiny_gpt2.folder))
    told = [text for text, _ in hands.progress]
    for step in ("Opening tiny-gpt2", "Importing torch", "Loading weights", "Checking the model"):
        assert step in told
    assert told[-1] == ""
    assert not hands.window.status.cancel.isVisible()
    shares = [share for text, share in hands.progress if text == "Loading weights" and share is not None]
    assert shares == sorted(shares)


def test_that_a_model_that_does_not_open_leaves_the_old_one_at_work(hands: Hands, gate: Gate) -> None:
    before = hands.session
    hands.click_cell("L1H0.z")
    gate.wait_for_a_pass()
    hands.controller.open_model("./no-such-folder")
    gate.open()
    hands.wait_until_quiet()
    assert "There is no folder" in hands.notices["opening"]
    assert hands.session.model == before.model
    # The run that had to give way is made up for.
    assert len(hands.result.request.plan) == 1
    hands.click_cell("L2H1.z")
    assert len(hands.wait_for_result().request.plan) == 2
    assert "opening" in hands.notices


def test_that_an_opening_can_be_cancelled_and_the_old_model_stays(
    hands: Hands, tiny_bert: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_for_cancel(*args: object, cancel: Any, **more: object) -> None:
        while True:
            cancel.check()
            QThread.msleep(1)

    monkeypatch.setattr(loading, "prepare_model", wait_for_cancel)
    hands.controller.open_model(str(tiny_bert.folder))
    hands.qtbot.waitUntil(lambda: "Importing torch" in [text for text, _ in hands.progress])
    hands.click(hands.window.status.cancel)
    hands.wait_until_quiet()
    assert hands.notices["cancelled"].startswith("The model was not opened.")
    hands.click_cell("L1H0.z")
    assert hands.wait_for_result().model.family == "gpt2"


def test_that_the_newest_of_two_openings_is_the_one_that_counts(
    hands: Hands, tiny_bert: TinyModel, tiny_llama: TinyModel
) -> None:
    hands.controller.open_model(str(tiny_bert.folder))
    hands.controller.open_model(str(tiny_llama.folder))
    hands.wait_until_quiet()
    assert hands.session.model == str(tiny_llama.folder)
    assert hands.result.model.family == "llama"
    assert hands.opened[1:] == [str(tiny_llama.folder)]


def test_that_undoing_and_redoing_a_change_of_model_opens_each_again(hands: Hands, tiny_llama: TinyModel) -> None:
    hands.controller.open_model(str(tiny_llama.folder))
    hands.wait_until_quiet()
    undo = hands.action("Undo")
    assert undo.text() == "Undo: Open tiny-llama"
    undo.trigger()
    hands.wait_until_quiet()
    assert hands.result.model.family == "gpt2"
    assert hands.window.header.model.text() == "tiny-gpt2"
    hands.action("Redo").trigger()
    hands.wait_until_quiet()
    assert hands.result.model.family == "llama"


def test_that_a_failed_self_check_stays_visible_and_cannot_be_waved_away(
    open_window: Opener, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = CheckReport((CheckLine("logit lens", False, "The curve ends elsewhere.", 1.0, 1e-4),), 0.1)
    monkeypatch.setattr(self_check_module, "self_check", lambda loaded, cancel: report)
    hands = open_window("--model", str(tiny_gpt2.folder))
    hands.click_cell("L1H0.z")
    hands.wait_until_quiet()
    (notice,) = hands.made.notifications.notices
    assert notice.lasting
    assert "logit lens: The curve ends elsewhere." in notice.message
    assert notice.hint
    assert hands.window.notices.isVisible()
    monkeypatch.undo()
    hands.controller.open_model(str(tiny_gpt2.folder))
    hands.wait_until_quiet()
    assert hands.notices == {}


def test_that_an_expected_failure_is_one_sentence_with_a_next_step(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise SurgeryError("It cannot be done.", "Do something else.")

    monkeypatch.setattr(operate_module, "execute", refuse)
    hands.click_cell("L1H0.z")
    hands.wait_until_quiet()
    assert hands.notices == {"failure": "It cannot be done. Do something else."}
    assert hands.made.notifications.notices[0].details == ""


def test_that_an_unexpected_exception_is_told_with_a_report_and_the_window_lives_on(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*args: object) -> None:
        raise RuntimeError("the roof came down")

    with monkeypatch.context() as patched:
        patched.setattr(operate_module, "execute", break_down)
        hands.click_cell("L1H0.z")
        hands.wait_until_quiet()
    (notice,) = hands.made.notifications.notices
    assert "RuntimeError: the roof came down" in notice.message
    assert "Your work is kept" in notice.hint
    assert "break_down" in notice.details
    assert hands.cuts == ["L1H0.z@-1=silence"]
    hands.action("Run again").trigger()
    hands.wait_until_quiet()
    assert hands.notices == {}
    assert len(hands.result.request.plan) == 1


def test_that_a_run_waits_for_the_model_that_is_being_opened(
    open_window: Opener, tiny_gpt2: TinyModel, qtbot: QtBot
) -> None:
    hands = open_window("--model", str(tiny_gpt2.folder), "--prompt", "a", wait=False)
    hands.store.edit(replace(hands.session, prompt=tiny_gpt2.prompt), "Type")
    hands.wait_until_quiet()
    assert [result.tokens.prompt for result in hands.results] == [tiny_gpt2.prompt]
