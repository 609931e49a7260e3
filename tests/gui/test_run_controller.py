"""What the controller makes of events, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, Signal

from core.models.info import ModelInfo
from core.runs.events import CheckReport, Deeper, Failure, Finished, ModelOpened, Progress
from core.sessions.desk import OpenModel, Operate
from core.sessions.session import Brush, Session
from core.sites.selection import at
from gui import run_controller
from gui.run_controller import RunController, asks_the_same
from gui.store import SessionStore
from tests.fixtures.made_results import model_info, result

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SESSION = Session(model="specimen-gpt2", prompt="a")
CHECK = CheckReport((), 0.1)


class ThreadByHand(QObject):
    """Stands in for the model thread: jobs are noted, events are sent by the test."""

    happened = Signal(int, object)
    ended = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[tuple[str, object, bool]] = []
        self.cancelled: list[str] = []
        self.idle = True

    def put(self, lane: str, payload: object, *, interrupt: bool = True) -> int:  # noqa: D102
        self.jobs.append((lane, payload, interrupt))
        self.idle = False
        return len(self.jobs)

    def cancel(self, lane: str) -> None:  # noqa: D102
        self.cancelled.append(lane)

    def end(self, generation: int) -> None:
        """Tell that a job is over."""
        self.idle = True
        self.ended.emit(generation)


class Desk:
    """A controller at work, and what it told."""

    def __init__(self) -> None:
        self.store, self.thread = SessionStore(SESSION), ThreadByHand()
        self.controller = RunController(self.store, self.thread)  # type: ignore[arg-type]
        self.results: list[object] = []
        self.deeper: list[object] = []
        self.failed: list[tuple[str, str]] = []
        self.stale: list[bool] = []
        self.busy: list[bool] = []
        self.cancelled: list[str] = []
        self.progress: list[str] = []
        self.controller.resultReady.connect(self.results.append)
        self.controller.deeper.connect(self.deeper.append)
        self.controller.failed.connect(lambda failure, lane: self.failed.append((failure.message, lane)))
        self.controller.staleChanged.connect(self.stale.append)
        self.controller.busyChanged.connect(self.busy.append)
        self.controller.cancelled.connect(self.cancelled.append)
        self.controller.progressed.connect(lambda text, fraction: self.progress.append(text))

    def open(self, **changes: object) -> ModelInfo:
        """Let the model that is being opened be open."""
        info = model_info(**changes)  # type: ignore[arg-type]
        self.thread.happened.emit(len(self.thread.jobs), ModelOpened(info, CHECK))
        return info

    def prompt(self, text: str, **how: object) -> int:
        """Change the prompt and return the generation of the run."""
        self.store.edit(replace(self.store.session, prompt=text), "Type", **how)  # type: ignore[arg-type]
        return len(self.thread.jobs)


@pytest.fixture
def desk(qapp: object) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.controller.close()


@pytest.fixture
def ready(desk: Desk) -> Desk:
    """A controller whose model is open and whose first result is in."""
    desk.controller.open_model("specimen-gpt2")
    desk.open()
    desk.thread.happened.emit(2, Finished(result()))
    desk.thread.end(2)
    desk.results.clear()
    desk.stale.clear()
    desk.busy.clear()
    desk.progress.clear()
    return desk


def test_that_choosing_tokens_or_a_tool_asks_for_no_run(ready: Desk) -> None:
    session = replace(SESSION, chosen=at(1), brush=Brush("noise"))
    assert asks_the_same(SESSION, session)
    ready.store.edit(session, "Choose")
    assert len(ready.thread.jobs) == 2


def test_that_nothing_runs_before_a_model_is_open_and_the_newest_session_does_then(desk: Desk) -> None:
    desk.controller.open_model("specimen-gpt2")
    desk.prompt("typed early")
    assert [lane for lane, _, _ in desk.thread.jobs] == ["model"]
    desk.open()
    lane, job, _ = desk.thread.jobs[-1]
    assert lane == "run"
    assert isinstance(job, Operate)
    assert job.session.prompt == "typed early"


def test_that_results_of_older_questions_are_dropped(ready: Desk) -> None:
    older, newer = ready.prompt("b"), ready.prompt("c")
    ready.thread.happened.emit(older, Finished(result()))
    assert ready.results == []
    ready.thread.happened.emit(newer, Finished(result()))
    assert len(ready.results) == 1
    assert ready.stale == [True, True, False]


def test_that_only_the_run_that_is_awaited_tells_how_far_it_has_come(ready: Desk) -> None:
    deeper = Deeper(result().request, {})
    older, newer = ready.prompt("b"), ready.prompt("c")
    ready.thread.happened.emit(older, deeper)
    assert ready.deeper == []
    ready.thread.happened.emit(newer, deeper)
    assert ready.deeper == [deeper]
    ready.controller.cancel()
    ready.thread.happened.emit(newer, deeper)
    assert ready.deeper == [deeper]


def test_that_a_stream_shows_what_comes_on_the_way_and_stays_stale_until_the_last(ready: Desk) -> None:
    first = ready.prompt("b", dragging=True)
    last = ready.prompt("c", dragging=True)
    assert [interrupt for _, _, interrupt in ready.thread.jobs[-2:]] == [False, False]
    ready.thread.happened.emit(first, Finished(result()))
    assert len(ready.results) == 1
    assert False not in ready.stale
    ready.thread.happened.emit(last, Finished(result()))
    assert len(ready.results) == 2
    assert ready.stale[-1] is False


def test_that_the_failure_of_an_older_run_is_not_shown(ready: Desk) -> None:
    older, newer = ready.prompt("b", dragging=True), ready.prompt("c", dragging=True)
    ready.thread.happened.emit(older, Failure("Old trouble."))
    assert ready.failed == []
    ready.thread.happened.emit(newer, Failure("New trouble."))
    assert ready.failed == [("New trouble.", "run")]


def test_that_after_a_failed_run_nothing_is_said_to_be_updating(ready: Desk) -> None:
    ready.thread.happened.emit(ready.prompt(""), Failure("The prompt is empty."))
    assert ready.stale[-1] is False


def test_that_a_model_that_does_not_open_gives_the_interrupted_run_back(ready: Desk) -> None:
    ready.prompt("b")
    ready.controller.open_model("no such folder")
    ready.thread.happened.emit(len(ready.thread.jobs), Failure("There is no such folder."))
    assert ready.failed == [("There is no such folder.", "model")]
    lane, job, _ = ready.thread.jobs[-1]
    assert lane == "run"
    assert isinstance(job, Operate)
    assert job.session.prompt == "b"


def test_that_a_model_that_does_not_open_leaves_a_finished_run_alone(ready: Desk) -> None:
    ready.controller.open_model("no such folder")
    ready.thread.happened.emit(3, Failure("There is no such folder."))
    assert len(ready.thread.jobs) == 3
    assert ready.store.session.model == "specimen-gpt2"


def test_that_opening_a_model_is_a_step_and_undoing_it_opens_the_old_one(ready: Desk) -> None:
    ready.controller.open_model("other", "cpu", "bfloat16")
    ready.open(name="other")
    assert ready.store.session.model == "other"
    assert ready.store.history.undoText() == "Open other"
    ready.store.undo()
    assert ready.thread.jobs[-1][1] == OpenModel("specimen-gpt2", "cpu", "bfloat16")


def test_that_token_ids_are_dropped_when_the_vocabulary_changes(ready: Desk) -> None:
    ready.store.edit(replace(ready.store.session, target=5, versus=" a"), "Choose")
    ready.controller.open_model("other")
    ready.open(name="other")
    assert (ready.store.session.target, ready.store.session.versus) == (None, " a")
    ready.store.undo()
    assert ready.store.session.target == 5


def test_that_undo_and_redo_in_haste_end_at_the_model_of_the_session(ready: Desk) -> None:
    ready.controller.open_model("other")
    ready.open(name="other")
    ready.store.undo()
    opening = len(ready.thread.jobs)
    ready.store.redo()
    assert ready.thread.cancelled[-1] == "model"
    assert ready.thread.jobs[-1][0] == "run"
    # The old one could not be stopped any more: the session's is opened again.
    ready.thread.happened.emit(opening, ModelOpened(model_info(), CHECK))
    assert isinstance(ready.thread.jobs[-1][1], OpenModel)
    assert ready.thread.jobs[-1][1].name == "other"
    assert ready.store.session.model == "other"


def test_that_a_failed_undo_of_a_model_leaves_session_and_open_model_in_step(ready: Desk) -> None:
    ready.controller.open_model("other")
    ready.open(name="other")
    ready.store.undo()
    ready.thread.happened.emit(len(ready.thread.jobs), Failure("It is gone."))
    assert ready.store.session.model == "other"
    assert ready.thread.jobs[-1][0] == "run"


def test_that_cancelling_stops_both_lanes_and_says_so_once(ready: Desk) -> None:
    generation = ready.prompt("b")
    assert ready.busy == [True]
    ready.controller.cancel()
    assert ready.thread.cancelled == ["model", "run"]
    assert ready.cancelled == ["run"]
    assert ready.stale[-1] is False
    ready.thread.end(generation)
    assert ready.busy == [True, False]
    ready.controller.cancel()
    assert ready.cancelled == ["run"]


def test_that_cancelling_what_still_waits_leaves_nothing_busy(ready: Desk) -> None:
    ready.prompt("b")
    # The thread had not taken it yet, so that no end will be told.
    ready.thread.cancel = lambda lane: setattr(ready.thread, "idle", True)  # type: ignore[method-assign]
    ready.controller.cancel()
    assert ready.busy == [True, False]


def test_that_a_run_that_takes_long_shows_that_it_goes_on(
    ready: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.controller._noticeable.setInterval(1)
    generation = ready.prompt("b")
    assert ready.progress == []
    qtbot.waitUntil(lambda: ready.progress == ["Running"])
    ready.thread.happened.emit(generation, Progress("Operated run"))
    ready.thread.happened.emit(generation, Finished(result()))
    ready.thread.end(generation)
    assert ready.progress == ["Running", "Operated run", ""]
    assert run_controller.NOTICEABLE_MS > 100


def test_that_running_again_without_a_model_tries_to_open_it_again(desk: Desk) -> None:
    desk.controller.open_model("specimen-gpt2", "cpu", "float32")
    desk.controller.run_again()
    assert len(desk.thread.jobs) == 1
    desk.thread.happened.emit(1, Failure("No."))
    desk.controller.run_again()
    assert desk.thread.jobs[-1] == ("model", OpenModel("specimen-gpt2", "cpu", "float32"), True)
