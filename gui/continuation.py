"""Continuing the session's prompt: one continuation at a time, told token by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.runs.events import Failure
from core.runs.generation import Continued
from core.sessions.desk import Continue

if TYPE_CHECKING:
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.worker.model_thread import ModelThread


class Continuation(QObject):
    """Asks the model thread for a continuation, and drops what is told of an older one.

    Signals
    -------
    advanced(object)
        How far it is, as a Continued.
    failed(object)
        Why there is none, as a Failure.
    runningChanged(bool)
        Told once more when one that was stopped has left the thread.
    """

    advanced = Signal(object)
    failed = Signal(object)
    runningChanged = Signal(bool)

    def __init__(
        self, store: SessionStore, thread: ModelThread, controller: RunController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._thread = store, thread
        self._generation = self._last_put = 0
        thread.continued.connect(self._on_thread_continued)
        thread.ended.connect(self._on_thread_ended)
        controller.openingChanged.connect(self._on_controller_opening_changed)

    @property
    def running(self) -> bool:
        """Whether one is under way, or waits for the thread."""
        return bool(self._generation)

    def start(self) -> None:
        """Continue the prompt of the session in force."""
        self._last_put = self._thread.put("continuation", Continue(self._store.session))
        self._note(self._last_put)

    def stop(self) -> None:
        """Leave it where it is."""
        if self.running:
            self._thread.cancel("continuation")
            self._note(0)

    def _note(self, generation: int) -> None:
        self._generation = generation
        self.runningChanged.emit(self.running)

    @Slot(int, object)
    def _on_thread_continued(self, generation: int, event: object) -> None:
        if generation != self._generation:
            return
        if isinstance(event, Continued):
            self.advanced.emit(event)
        elif isinstance(event, Failure):
            self.failed.emit(event)

    @Slot(int)
    def _on_thread_ended(self, generation: int) -> None:
        if generation == self._last_put:
            self._note(0)

    @Slot(str)
    def _on_controller_opening_changed(self, name: str) -> None:
        if name:
            self.stop()
