"""Which models can be opened and which are in memory: asked of the model thread, told to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.runs.events import Failure, ModelsHeld, ModelsListed, RunsKept
from core.sessions.desk import TendModels

if TYPE_CHECKING:
    from gui.settings import Settings
    from gui.worker.model_thread import ModelThread


class ModelLibrary(QObject):
    """Asks for lists, lets models go and states how much memory they may take.

    Of what waits for the thread only the newest is served, so each wish repeats those before it
    until one was answered.

    Signals
    -------
    listed(object)
        ModelsListed.
    heldChanged(object)
        ModelsHeld.
    keptChanged(object)
        RunsKept; told along with what can be opened.
    failed(object)
        Why there is no list, as a Failure.
    """

    listed = Signal(object)
    heldChanged = Signal(object)
    keptChanged = Signal(object)
    failed = Signal(object)

    def __init__(self, thread: ModelThread, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread, self._settings = thread, settings
        self._let_go: set[str] = set()
        self._listing = False
        self._last_put = 0
        self._held: ModelsHeld | None = None
        thread.happened.connect(self._on_thread_happened)
        thread.ended.connect(self._on_thread_ended)
        self._put()

    @property
    def held(self) -> ModelsHeld | None:
        """What was in memory when it was last told."""
        return self._held

    def refresh(self) -> None:
        """Ask what can be opened."""
        self._listing = True
        self._put()

    def let_go(self, identity: str) -> None:
        """Let a model go; the open one stays."""
        self._let_go.add(identity)
        self._put()

    def set_share(self, share: float) -> None:
        """Let models take another share of a device's memory, now and from the next start on."""
        self._settings.keep_memory_share(share)
        self._put()

    def _put(self) -> None:
        job = TendModels(
            let_go=tuple(sorted(self._let_go)),
            share=self._settings.memory_share,
            folders=self._settings.folders,
            listing=self._listing,
        )
        self._last_put = self._thread.put("shelf", job)

    @Slot(int, object)
    def _on_thread_happened(self, generation: int, event: object) -> None:
        if isinstance(event, ModelsHeld):
            self._held = event
            self.heldChanged.emit(event)
        elif isinstance(event, RunsKept):
            self.keptChanged.emit(event)
        elif isinstance(event, ModelsListed):
            self.listed.emit(event)
        elif isinstance(event, Failure) and generation == self._last_put:
            self.failed.emit(event)

    @Slot(int)
    def _on_thread_ended(self, generation: int) -> None:
        if generation == self._last_put:
            self._let_go.clear()
            self._listing = False
