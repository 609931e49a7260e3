"""The object that lives on the model thread and serves the mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.runs.events import ModelOpened, ModelsHeld
from core.runs.mailbox import IN_BETWEEN
from core.sessions.desk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.events import Event
    from core.runs.mailbox import Job, Mailbox
    from core.runs.sweep_result import SweepEvent


class ModelWorker(QObject):
    """Takes jobs from the mailbox until it is empty.

    Parameters
    ----------
    mailbox : Mailbox
    unfinished : Path, optional
        Where sweeps that are left off are kept.

    Signals
    -------
    happened(int, object)
        Generation of the job, and the event.
    continued(int, object)
        The same of a job in the lane of continuations, which is nobody's run.
    swept(int, object)
        The same of a sweep.
    ended(int)
        The job of that generation is over, done or not.
    """

    happened = Signal(int, object)
    continued = Signal(int, object)
    swept = Signal(int, object)
    ended = Signal(int)

    def __init__(self, mailbox: Mailbox, unfinished: Path | None = None) -> None:
        super().__init__()
        self._mailbox = mailbox
        self._desk = Desk(unfinished)

    @Slot()
    def serve(self) -> None:
        """Serve everything that waits."""
        while (job := self._mailbox.take()) is not None:
            self._serve_one(job)

    def _serve_one(self, job: Job) -> None:
        told = {"continuation": self.continued, "sweep": self.swept}.get(job.lane, self.happened)

        def emit(event: Event | SweepEvent) -> None:
            # A model that is open by now is told even if it is no longer wanted: the next run is on it.
            if isinstance(event, ModelOpened) or not job.cancel.cancelled:
                # What is in memory is everybody's business.
                (self.happened if isinstance(event, ModelsHeld) else told).emit(job.generation, event)

        def serve_in_between() -> None:
            while not job.cancel.cancelled and (other := self._mailbox.take(IN_BETWEEN)) is not None:
                self._serve_one(other)

        try:
            self._desk.serve(job.payload, job.cancel, emit, serve_in_between if job.lane == "sweep" else None)
        finally:
            self._mailbox.done(job)
            self.ended.emit(job.generation)

    @Slot()
    def close(self) -> None:
        """Let the model go, on the thread that made it."""
        self._desk.close()
