"""The mailbox of the model thread: one waiting job a lane, and the latest wins."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from core.cancel import CancelToken

Lane = Literal["model", "shelf", "run", "continuation", "sweep"]
LANES: tuple[Lane, ...] = ("model", "shelf", "run", "continuation", "sweep")
# What a sweep lets go before it goes on. Opening a model is not among them: it ends the sweep.
IN_BETWEEN: tuple[Lane, ...] = ("shelf", "run", "continuation")
# What is done by the way: nobody sits and waits for it.
UNHURRIED: tuple[Lane, ...] = ("shelf", "sweep")


@dataclass(frozen=True)
class Job:
    """One piece of work for the model thread.

    Attributes
    ----------
    generation : int
        Counts all jobs ever put; a later one is higher.
    lane : {"model", "shelf", "run", "continuation", "sweep"}
        Opening a model, tending those that are held, running on the open one, continuing its
        prompt, sweeping over its places.
    payload : object
        What is wanted.
    cancel : CancelToken
        Set when the job is no longer wanted.
    """

    generation: int
    lane: Lane
    payload: object
    cancel: CancelToken


class Mailbox:
    """Takes jobs from any thread, gives them to one. Holds the only lock there is.

    A newer job replaces the one that waits in its lane. Opening a model goes before running on
    it, and stops whatever is under way; a run goes before a continuation, and stops it. A sweep
    comes last and is stopped by no run: other jobs are taken in the middle of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Lane, Job] = {}
        # The innermost last: only a sweep has others above it.
        self._running: list[Job] = []
        self._generation = 0
        self._closed = False

    def put(self, lane: Lane, payload: object, *, interrupt: bool = True) -> int:
        """Leave a job and return its generation.

        Parameters
        ----------
        interrupt : bool
            Whether a running job of the lane is stopped. Without it the running one is finished
            first, so that a stream of jobs (a dragged dose) shows results on the way.
        """
        with self._lock:
            self._generation += 1
            job = Job(self._generation, lane, payload, CancelToken())
            if self._closed:
                return job.generation
            replaced = self._waiting.get(lane)
            if replaced is not None:
                replaced.cancel.cancel()
            self._waiting[lane] = job
            for running in self._running:
                if _stops(lane, running.lane) or (interrupt and running.lane == lane):
                    running.cancel.cancel()
            return job.generation

    def take(self, lanes: tuple[Lane, ...] = LANES) -> Job | None:
        """Return the next job of some lanes, which counts as running until `done`; None if nothing waits.

        May be asked in the middle of a sweep, for what is to be done in between.
        """
        with self._lock:
            for lane in lanes:
                if lane in self._waiting and not self._closed:
                    self._running.append(self._waiting.pop(lane))
                    return self._running[-1]
            return None

    def done(self, job: Job) -> None:
        """Say that a job is over."""
        with self._lock:
            if job in self._running:
                self._running.remove(job)

    def cancel(self, lane: Lane) -> None:
        """Stop what runs and drop what waits in a lane."""
        with self._lock:
            waiting = self._waiting.pop(lane, None)
            for job in (waiting, *self._running):
                if job is not None and job.lane == lane:
                    job.cancel.cancel()

    def close(self) -> None:
        """Stop everything and take nothing more."""
        with self._lock:
            self._closed = True
            for job in (*self._waiting.values(), *self._running):
                job.cancel.cancel()
            self._waiting.clear()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits that somebody waits for."""
        with self._lock:
            return all(job.lane in UNHURRIED for job in (*self._waiting.values(), *self._running))


def _stops(lane: Lane, running: Lane) -> bool:
    """Return whether a new job of one lane always stops a running one of another."""
    return lane == "model" or (lane == "run" and running == "continuation")
