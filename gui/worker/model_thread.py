"""The one thread that owns the model."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QThread, Signal

from core.runs.mailbox import Mailbox
from gui.worker.model_worker import ModelWorker

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.mailbox import Lane


# By how much a thread that computes stands back, on a scale that ends at 19, where it is counted thread by thread.
STANDS_BACK = 5


def _give_way() -> None:
    """Let this thread, and those of torch that it starts, stand back behind the window's where all cores are busy."""
    if sys.platform == "linux":
        mine = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, mine, os.getpriority(os.PRIO_PROCESS, mine) + STANDS_BACK)


class ModelThread(QObject):
    """A QThread with its worker and its mailbox.

    Parameters
    ----------
    unfinished : Path, optional
        Where sweeps that are left off are kept.

    Signals
    -------
    happened(int, object)
        Generation of the job, and the event; arrives on the thread of this object.
    continued(int, object)
        The same of a continuation.
    swept(int, object)
        The same of a sweep.
    ended(int)
        The job of that generation is over.
    """

    happened = Signal(int, object)
    continued = Signal(int, object)
    swept = Signal(int, object)
    ended = Signal(int)
    _mailArrived = Signal()

    def __init__(self, parent: QObject | None = None, *, unfinished: Path | None = None) -> None:
        super().__init__(parent)
        self._mailbox = Mailbox()
        self._thread = QThread()
        self._thread.setObjectName("model thread")
        self._worker = ModelWorker(self._mailbox, unfinished)
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(_give_way, Qt.ConnectionType.DirectConnection)
        self._mailArrived.connect(self._worker.serve, Qt.ConnectionType.QueuedConnection)
        self._worker.happened.connect(self.happened)
        self._worker.continued.connect(self.continued)
        self._worker.swept.connect(self.swept)
        self._worker.ended.connect(self.ended)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, lane: Lane, payload: object, *, interrupt: bool = True) -> int:
        """Leave a job for the thread and return its generation."""
        generation = self._mailbox.put(lane, payload, interrupt=interrupt)
        self._mailArrived.emit()
        return generation

    def cancel(self, lane: Lane) -> None:
        """Stop what runs and drop what waits in a lane."""
        self._mailbox.cancel(lane)

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits that somebody waits for."""
        return self._mailbox.idle

    @property
    def running(self) -> bool:
        """Whether the thread was started and has not ended."""
        return self._thread.isRunning()

    def stop(self) -> None:
        """Cancel everything, let the model go and wait for the thread to end."""
        self._mailbox.close()
        if self._thread.isRunning():
            self._thread.quit()
            self._thread.wait()
        self._worker.close()
