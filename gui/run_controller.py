"""From the session in force to results on screen: submits, listens, drops what is stale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from core.runs.events import Failure, Finished, ModelOpened, Progress, Resolved, TokensReady
from core.sessions.desk import OpenModel, Operate

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.sessions.session import Session
    from gui.store import SessionStore
    from gui.worker.model_thread import ModelThread


def asks_the_same(a: Session, b: Session) -> bool:
    """Return whether two sessions need the same run: tool and token choices need none."""
    return replace(a, chosen=b.chosen, brush=b.brush) == b


class RunController(QObject):
    """Keeps what is shown in step with the session.

    Signals
    -------
    modelOpened(object, object)
        ModelInfo and CheckReport.
    tokensChanged(object)
        Tokens of the prompt.
    resolved(object, object)
        The RunRequest, and the notes about what could not be followed.
    resultReady(object)
        A RunResult.
    progressed(str, object)
        What is being done, and the share done or None; an empty text when nothing is.
    failed(object)
        A Failure of the newest job.
    staleChanged(bool)
        Whether what is shown answers an earlier question.
    """

    modelOpened = Signal(object, object)
    tokensChanged = Signal(object)
    resolved = Signal(object, object)
    resultReady = Signal(object)
    progressed = Signal(str, object)
    failed = Signal(object)
    staleChanged = Signal(bool)

    def __init__(self, store: SessionStore, thread: ModelThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._thread = thread
        self._info: ModelInfo | None = None
        self._opening: OpenModel | None = None
        self._opening_generation = 0
        self._newest_run = 0
        self._oldest_wanted = 0
        store.changed.connect(self._on_store_changed)
        thread.happened.connect(self._on_thread_happened)
        thread.ended.connect(self._on_thread_ended)

    @property
    def info(self) -> ModelInfo | None:
        """The open model."""
        return self._info

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits."""
        return not self._thread.idle

    def open_model(self, name: str, device: str = "auto", dtype: str = "float32") -> None:
        """Open a model; the session follows once it is open."""
        self._opening = OpenModel(name, device, dtype)
        self._opening_generation = self._thread.put("model", self._opening)
        self.progressed.emit(f"Opening {name}", None)

    def cancel(self) -> None:
        """Stop whatever is under way."""
        self._thread.cancel("model")
        self._thread.cancel("run")
        self._opening = None
        self.progressed.emit("", None)

    def run(self, *, following: bool = False) -> None:
        """Run the session in force.

        Parameters
        ----------
        following : bool
            Whether this is one of a stream: results of the ones before are still worth seeing,
            so the running one is not stopped.
        """
        if self._info is None:
            return
        session = self._store.session
        self._newest_run = self._thread.put("run", Operate(session), interrupt=not following)
        if not following:
            self._oldest_wanted = self._newest_run
        self.staleChanged.emit(True)

    @Slot(object, object)
    def _on_store_changed(self, before: Session, after: Session) -> None:
        if after.model != before.model and (self._info is None or after.model != self._info.name):
            self.open_model(after.model)
        elif not asks_the_same(before, after):
            self.run(following=self._store.dragging)

    @Slot(int, object)
    def _on_thread_happened(self, generation: int, event: object) -> None:
        if generation == self._opening_generation:
            self._take_model_event(event)
        elif generation >= self._oldest_wanted:
            self._take_run_event(generation, event)

    def _take_model_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.text, event.fraction)
        elif isinstance(event, Failure):
            self._opening = None
            self.failed.emit(event)
        elif isinstance(event, ModelOpened):
            self._opening = None
            self._info = event.info
            self.modelOpened.emit(event.info, event.check)
            session = self._store.session
            if session.model != event.info.name:
                self._store.edit(replace(session, model=event.info.name), f"Open {event.info.name}")
            else:
                self.run()

    def _take_run_event(self, generation: int, event: object) -> None:
        if isinstance(event, TokensReady):
            self.tokensChanged.emit(event.tokens)
        elif isinstance(event, Resolved):
            self.resolved.emit(event.request, event.notes)
        elif isinstance(event, Finished):
            self.resultReady.emit(event.result)
            if generation == self._newest_run:
                self.staleChanged.emit(False)
        elif isinstance(event, Failure) and generation == self._newest_run:
            self.failed.emit(event)

    @Slot(int)
    def _on_thread_ended(self, generation: int) -> None:
        if self._thread.idle:
            self.progressed.emit("", None)
