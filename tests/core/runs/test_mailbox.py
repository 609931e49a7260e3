"""Latest wins: the mailbox of the model thread."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runs.mailbox import IN_BETWEEN, LANES, Lane, Mailbox


def test_that_a_newer_request_replaces_the_waiting_one() -> None:
    mailbox = Mailbox()
    mailbox.put("run", "old")
    mailbox.put("run", "new")
    job = mailbox.take()
    assert job is not None
    assert job.payload == "new"
    mailbox.done(job)
    assert mailbox.take() is None


def test_that_a_newer_request_cancels_the_running_one() -> None:
    mailbox = Mailbox()
    mailbox.put("run", "old")
    running = mailbox.take()
    assert running is not None
    mailbox.put("run", "new")
    assert running.cancel.cancelled


def test_that_a_stream_of_requests_lets_the_running_one_finish_and_keeps_one_waiting() -> None:
    mailbox = Mailbox()
    mailbox.put("run", 0)
    running = mailbox.take()
    assert running is not None
    for dose in range(1, 20):
        mailbox.put("run", dose, interrupt=False)
    assert not running.cancel.cancelled
    mailbox.done(running)
    following = mailbox.take()
    assert following is not None
    assert following.payload == 19
    mailbox.done(following)
    assert mailbox.idle


def test_that_opening_a_model_goes_first_and_stops_the_run() -> None:
    mailbox = Mailbox()
    mailbox.put("run", "run")
    running = mailbox.take()
    assert running is not None
    mailbox.put("run", "next run", interrupt=False)
    mailbox.put("model", "open")
    assert running.cancel.cancelled
    mailbox.done(running)
    opening = mailbox.take()
    assert opening is not None
    assert opening.payload == "open"
    mailbox.done(opening)
    after = mailbox.take()
    assert after is not None
    assert after.payload == "next run"


def test_that_a_run_does_not_stop_the_opening_of_a_model() -> None:
    mailbox = Mailbox()
    mailbox.put("model", "open")
    opening = mailbox.take()
    assert opening is not None
    mailbox.put("run", "run")
    assert not opening.cancel.cancelled


@pytest.mark.parametrize("interrupt", [True, False])
@pytest.mark.parametrize("lane", ["model", "run"])
def test_that_a_run_or_an_opening_stops_a_continuation_and_goes_first(lane: Lane, interrupt: bool) -> None:
    mailbox = Mailbox()
    mailbox.put("continuation", "running")
    running = mailbox.take()
    assert running is not None
    mailbox.put("continuation", "waiting", interrupt=False)
    assert not running.cancel.cancelled
    mailbox.put(lane, "new", interrupt=interrupt)
    assert running.cancel.cancelled
    mailbox.done(running)
    for payload in ("new", "waiting"):
        job = mailbox.take()
        assert job is not None
        assert job.payload == payload
        mailbox.done(job)


@pytest.mark.parametrize("lane", ["shelf", "run", "model"])
def test_that_a_continuation_stops_nothing_but_another(lane: Lane) -> None:
    mailbox = Mailbox()
    mailbox.put(lane, "running")
    running = mailbox.take()
    assert running is not None
    mailbox.put("continuation", "new")
    assert not running.cancel.cancelled


def test_that_cancelling_a_lane_stops_what_runs_and_drops_what_waits() -> None:
    mailbox = Mailbox()
    mailbox.put("run", "running")
    running = mailbox.take()
    assert running is not None
    mailbox.put("run", "waiting", interrupt=False)
    mailbox.cancel("run")
    assert running.cancel.cancelled
    mailbox.done(running)
    assert mailbox.take() is None


def test_that_a_closed_mailbox_gives_nothing_and_cancels_everything() -> None:
    mailbox = Mailbox()
    mailbox.put("run", "running")
    running = mailbox.take()
    mailbox.put("run", "waiting", interrupt=False)
    mailbox.close()
    mailbox.put("run", "late")
    assert running is not None
    assert running.cancel.cancelled
    assert mailbox.take() is None


@given(st.lists(st.tuples(st.sampled_from(LANES), st.booleans()), max_size=40))
def test_that_at_most_one_job_a_lane_waits_and_it_is_the_newest(puts: list[tuple[Lane, bool]]) -> None:
    mailbox = Mailbox()
    newest: dict[Lane, int] = {}
    for lane, interrupt in puts:
        newest[lane] = mailbox.put(lane, None, interrupt=interrupt)
    served = {}
    while (job := mailbox.take()) is not None:
        assert not job.cancel.cancelled
        served[job.lane] = job.generation
        mailbox.done(job)
    assert served == newest
    assert list(served) == [lane for lane in LANES if lane in newest]


@given(st.lists(st.tuples(st.sampled_from([*LANES, None]), st.booleans()), max_size=40))
def test_that_what_runs_is_stopped_by_its_own_lane_and_by_what_goes_before_it(
    steps: list[tuple[Lane | None, bool]],
) -> None:
    """None takes the next job; a put stops the running one or not."""
    mailbox, running, stopped = Mailbox(), None, False
    for lane, interrupt in steps:
        if lane is None:
            if running is not None:
                mailbox.done(running)
            running, stopped = mailbox.take(), False
            continue
        mailbox.put(lane, None, interrupt=interrupt)
        if running is not None:
            same = lane == running.lane and interrupt
            stopped = stopped or same or lane == "model" or (lane == "run" and running.lane == "continuation")
            assert running.cancel.cancelled == stopped


def test_that_many_threads_lose_no_newest_job() -> None:
    mailbox = Mailbox()
    generations: list[int] = []

    def put() -> None:
        for _ in range(200):
            generations.append(mailbox.put("run", None))

    threads = [threading.Thread(target=put) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job = mailbox.take()
    assert job is not None
    assert job.generation == max(generations) == len(set(generations)) == 800


def test_that_nobody_waits_for_models_to_be_tended() -> None:
    mailbox = Mailbox()
    mailbox.put("shelf", "tend")
    assert mailbox.idle
    mailbox.put("run", "run")
    assert not mailbox.idle
    tending = mailbox.take()
    assert tending is not None
    assert tending.payload == "tend"
    assert not tending.cancel.cancelled


def test_that_runs_are_taken_in_the_middle_of_a_sweep_and_the_sweep_goes_on() -> None:
    mailbox = Mailbox()
    mailbox.put("sweep", "sweep")
    sweep = mailbox.take()
    assert sweep is not None
    assert mailbox.idle
    for payload in ("first", "second"):
        mailbox.put("run", payload)
        assert not mailbox.idle
        run = mailbox.take(IN_BETWEEN)
        assert run is not None
        assert run.payload == payload
        mailbox.done(run)
        assert not sweep.cancel.cancelled
    assert mailbox.take(IN_BETWEEN) is None
    mailbox.put("sweep", "another")
    assert sweep.cancel.cancelled


def test_that_a_run_in_the_middle_of_a_sweep_can_be_stopped_alone() -> None:
    mailbox = Mailbox()
    mailbox.put("sweep", "sweep")
    sweep = mailbox.take()
    mailbox.put("run", "run")
    run = mailbox.take(IN_BETWEEN)
    assert sweep is not None
    assert run is not None
    mailbox.cancel("run")
    assert (run.cancel.cancelled, sweep.cancel.cancelled) == (True, False)
    mailbox.cancel("sweep")
    assert sweep.cancel.cancelled


def test_that_opening_a_model_ends_a_sweep_and_is_not_done_in_the_middle_of_it() -> None:
    mailbox = Mailbox()
    mailbox.put("sweep", "sweep")
    sweep = mailbox.take()
    assert sweep is not None
    mailbox.put("model", "open")
    assert sweep.cancel.cancelled
    assert mailbox.take(IN_BETWEEN) is None
    mailbox.done(sweep)
    opening = mailbox.take()
    assert opening is not None
    assert opening.payload == "open"


def test_that_closing_stops_a_sweep_and_the_run_in_the_middle_of_it() -> None:
    mailbox = Mailbox()
    mailbox.put("sweep", "sweep")
    sweep = mailbox.take()
    mailbox.put("run", "run")
    run = mailbox.take(IN_BETWEEN)
    mailbox.close()
    assert sweep is not None
    assert run is not None
    assert sweep.cancel.cancelled
    assert run.cancel.cancelled


@given(st.lists(st.tuples(st.sampled_from([*LANES, None]), st.booleans()), max_size=60))
def test_that_a_sweep_under_way_never_keeps_another_job_from_being_the_newest(
    steps: list[tuple[Lane | None, bool]],
) -> None:
    """None takes a job in between, or is done with it; every put stops just what it has to."""
    mailbox = Mailbox()
    mailbox.put("sweep", None)
    sweep = mailbox.take()
    assert sweep is not None
    inner, waiting = None, dict[Lane, int]()
    sweep_stopped = inner_stopped = False
    for step, interrupt in steps:
        if step is None and inner is None:
            inner, inner_stopped = mailbox.take(IN_BETWEEN), False
            first = next((lane for lane in IN_BETWEEN if lane in waiting), None)
            assert (inner.generation if inner else None) == (waiting.pop(first) if first else None)
        elif step is None and inner is not None:
            mailbox.done(inner)
            inner = None
        elif step is not None:
            waiting[step] = mailbox.put(step, None, interrupt=interrupt)
            sweep_stopped = sweep_stopped or step == "model" or (step == "sweep" and interrupt)
            lane = inner.lane if inner else None
            inner_stopped = inner_stopped or step == "model" or (step == lane and interrupt)
            inner_stopped = inner_stopped or (step == "run" and lane == "continuation")
        assert sweep.cancel.cancelled == sweep_stopped
        assert inner is None or inner.cancel.cancelled == inner_stopped
