"""The desk serves one job at a time and turns everything that goes wrong into an event."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.cancel import CancelToken
from core.errors import SurgeryError
from core.hooks.attach import count_hooks
from core.runs.events import (
    CheckReport,
    Deeper,
    Event,
    Failure,
    Finished,
    ModelOpened,
    ModelsHeld,
    Progress,
    Resolved,
    TokensReady,
)
from core.runs.generation import Continued, Generation
from core.runs.sweep_result import SweepEvent
from core.sessions import desk as desks
from core.sessions.desk import Continue, Desk, OpenModel, Operate
from core.sessions.holding import Checked, Holding
from core.sessions.session import Session
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fixtures.tiny_models import TinyModel


def told(desk: Desk, job: object, cancel: CancelToken | None = None) -> list[Event | SweepEvent]:
    """Return everything that is told while a job is served."""
    events: list[Event | SweepEvent] = []
    desk.serve(job, cancel or CancelToken(), events.append)
    return events


def served(desk: Desk, job: object, cancel: CancelToken | None = None) -> list[Event | SweepEvent]:
    """Return what is told about a job; what is in memory is told of itself."""
    return [event for event in told(desk, job, cancel) if not isinstance(event, ModelsHeld)]


def cancelled_at(desk: Desk, job: object, kind: type) -> list[Event | SweepEvent]:
    """Return what is told about a job that is cancelled at the first event of a kind."""
    cancel, events = CancelToken(), list[Event | SweepEvent]()

    def emit(event: Event | SweepEvent) -> None:
        events.append(event)
        if isinstance(event, kind):
            cancel.cancel()

    desk.serve(job, cancel, emit)
    return events


@pytest.fixture
def job(tiny_gpt2: TinyModel) -> OpenModel:
    return OpenModel(str(tiny_gpt2.folder), device="cpu")


@pytest.fixture
def desk(job: OpenModel) -> Desk:
    """Return a desk with a model on it."""
    made = Desk()
    assert isinstance(served(made, job)[-1], ModelOpened)
    return made


@pytest.fixture
def run(tiny_gpt2: TinyModel) -> Operate:
    return Operate(Session(model=str(tiny_gpt2.folder), prompt=tiny_gpt2.prompt))


def test_that_opening_tells_its_steps_and_ends_with_the_checked_model(job: OpenModel) -> None:
    events = served(Desk(), job)
    assert all(isinstance(event, Progress) for event in events[:-1])
    texts = [event.text for event in events if isinstance(event, Progress)]
    assert texts[0] == "Importing torch"
    assert texts[-1] == "Checking the model"
    last = events[-1]
    assert isinstance(last, ModelOpened)
    assert last.check.passed
    assert (last.info.family, last.info.device) == ("gpt2", "cpu")


def test_that_a_run_tells_tokens_request_and_result_in_this_order(desk: Desk, run: Operate) -> None:
    kinds = [type(event) for event in served(desk, run) if not isinstance(event, Progress | Deeper)]
    assert kinds == [TokensReady, Resolved, Finished]


def test_that_a_continuation_tells_tokens_request_and_every_step(desk: Desk, run: Operate) -> None:
    session = replace(run.session, generation=Generation(length=3))
    kinds = [type(event) for event in served(desk, Continue(session)) if not isinstance(event, Progress)]
    assert kinds == [TokensReady, Resolved, Continued, Continued, Continued]


def test_that_a_continuation_can_be_cancelled_between_two_tokens(desk: Desk, run: Operate) -> None:
    events = cancelled_at(desk, Continue(run.session), Continued)
    assert [type(event) for event in events].count(Continued) == 1
    assert not any(isinstance(event, Failure) for event in events)


def test_that_without_a_model_nothing_is_continued(run: Operate) -> None:
    assert served(Desk(), Continue(run.session)) == [Failure("No model is open.", desks.OPEN_A_MODEL)]


def test_that_a_second_equal_run_is_answered_from_what_is_kept(desk: Desk, run: Operate) -> None:
    first, second = served(desk, run)[-1], served(desk, run)[-1]
    assert isinstance(first, Finished) and isinstance(second, Finished)
    assert second.result.operated is first.result.operated


def test_that_without_a_model_there_is_no_run(run: Operate) -> None:
    assert served(Desk(), run) == [Failure("No model is open.", desks.OPEN_A_MODEL)]


def test_that_a_session_on_another_model_is_refused(desk: Desk, tiny_gpt2: TinyModel) -> None:
    (last,) = served(desk, Operate(Session(model="another", prompt=tiny_gpt2.prompt)))
    assert last == Failure(f"another is not open, {tiny_gpt2.folder} is.", "Choose one in the model menu.")


def test_that_an_expected_failure_is_one_sentence_and_a_hint(desk: Desk, tiny_gpt2: TinyModel) -> None:
    events = served(desk, Operate(Session(model=str(tiny_gpt2.folder), prompt="   ")))
    assert events == [Failure("The prompt is empty.", "Type a sentence.")]


def test_that_a_folder_that_is_no_model_is_an_expected_failure(tmp_path: Path) -> None:
    last = served(Desk(), OpenModel(str(tmp_path)))[-1]
    assert isinstance(last, Failure)
    assert (last.message, last.details) == (f"The folder {tmp_path} is empty.", "")


def test_that_a_failed_opening_keeps_the_open_model(desk: Desk, run: Operate, tmp_path: Path) -> None:
    assert isinstance(served(desk, OpenModel(str(tmp_path)))[-1], Failure)
    assert isinstance(served(desk, run)[-1], Finished)


def test_that_a_cancelled_opening_keeps_the_open_model(desk: Desk, job: OpenModel, run: Operate) -> None:
    before = served(desk, run)[-1]
    cancelled_at(desk, job, Progress)
    after = served(desk, run)[-1]
    assert isinstance(before, Finished) and isinstance(after, Finished)
    assert after.result.operated is before.result.operated


def test_that_another_model_takes_the_place_of_the_open_one(desk: Desk, tiny_llama: TinyModel) -> None:
    assert isinstance(served(desk, OpenModel(str(tiny_llama.folder), device="cpu"))[-1], ModelOpened)
    last = served(desk, Operate(Session(model=str(tiny_llama.folder), prompt=tiny_llama.prompt)))[-1]
    assert isinstance(last, Finished)
    assert last.result.model.family == "llama"


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("one over nothing")


def test_that_an_unexpected_error_is_told_with_a_report(
    desk: Desk, run: Operate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.sessions.operate.execute", broken)
    last = served(desk, run)[-1]
    assert isinstance(last, Failure)
    assert last.message == "Something unexpected happened: ZeroDivisionError: one over nothing"
    assert last.hint == "Your work is kept. Copy the report and tell the developers."
    assert "Traceback" in last.details
    assert "in broken" in last.details


def test_that_an_unknown_job_is_an_unexpected_error() -> None:
    last = served(Desk(), "make coffee")[-1]
    assert isinstance(last, Failure)
    assert "no such job: 'make coffee'" in last.message


def test_that_the_desk_goes_on_after_an_error(desk: Desk, run: Operate, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("core.sessions.operate.execute", broken)
        served(desk, run)
    assert isinstance(served(desk, run)[-1], Finished)


def test_that_a_job_that_is_cancelled_before_it_starts_says_nothing(desk: Desk, job: OpenModel, run: Operate) -> None:
    cancel = CancelToken()
    cancel.cancel()
    assert served(desk, run, cancel) == []
    assert served(desk, job, cancel) == []


@pytest.mark.parametrize("kind", [TokensReady, Resolved, Progress])
def test_that_a_cancelled_run_says_nothing_more(desk: Desk, run: Operate, kind: type) -> None:
    assert isinstance(cancelled_at(desk, run, kind)[-1], kind)


def test_that_a_cancelled_run_says_nothing_more_even_if_its_result_is_at_hand(desk: Desk, run: Operate) -> None:
    served(desk, run)
    assert isinstance(cancelled_at(desk, run, Resolved)[-1], Resolved)


def test_that_a_cancelled_opening_says_nothing_more(job: OpenModel) -> None:
    assert len(cancelled_at(Desk(), job, Progress)) == 1


@pytest.mark.parametrize("error", [SurgeryError("No memory is left."), RuntimeError("broke while stopping")])
def test_that_what_goes_wrong_after_cancelling_is_not_told(
    desk: Desk, run: Operate, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = CancelToken()

    def fail(*_: object) -> None:
        cancel.cancel()
        raise error

    monkeypatch.setattr("core.sessions.operate.execute", fail)
    events = served(desk, run, cancel)
    assert [type(event) for event in events] == [TokensReady, Resolved]


def test_that_no_hook_is_left_by_runs_that_end_in_any_way(
    desk: Desk, run: Operate, monkeypatch: pytest.MonkeyPatch, tiny_gpt2: TinyModel
) -> None:
    loaded = opened(tiny_gpt2)
    desk = Desk()
    monkeypatch.setattr(Holding, "opened", lambda *_: Checked(loaded, CheckReport((), 0.0)))
    served(desk, OpenModel("", device="cpu"))
    before = count_hooks(loaded.network)
    endings: list[Callable[[], object]] = [
        lambda: served(desk, run),
        lambda: cancelled_at(desk, run, Progress),
        lambda: served(desk, Operate(Session(model="", prompt=""))),
    ]
    for end in endings:
        end()
        assert count_hooks(loaded.network) == before


def test_that_a_closed_desk_has_let_its_model_go(desk: Desk, run: Operate) -> None:
    desk.close()
    assert served(desk, run) == [Failure("No model is open.", desks.OPEN_A_MODEL)]
