"""From the session in force to results on screen: submits, listens, drops what is stale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.runs.events import Deeper, DonorTokens, Failure, Finished, ModelOpened, Progress, Resolved, TokensReady
from core.sessions.desk import OpenModel, Operate
from core.sessions.first import suited
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.mailbox import Lane
    from core.sessions.session import Session
    from gui.store import SessionStore
    from gui.worker.model_thread import ModelThread

# A run that takes longer shows that it goes on, and can be cancelled in the status line.
NOTICEABLE_MS = 300


def asks_the_same(a: Session, b: Session) -> bool:
    """Return whether two sessions need the same run: tool, token and generation choices and names need none."""
    return replace(a, chosen=b.chosen, brush=b.brush, generation=b.generation, clean_side=b.clean_side) == b


def moved_to(session: Session, model: str) -> Session:
    """Return the session on another model; token ids and positions mean something else there and are dropped."""
    target, versus = (None if isinstance(each, int) else each for each in (session.target, session.versus))
    return replace(session, model=model, target=target, versus=versus, matches=())


class RunController(QObject):
    """Keeps what is shown in step with the session.

    Signals
    -------
    openingChanged(str)
        Name of the model that is being opened; empty when none is any more.
    modelOpened(object, object)
        ModelInfo and CheckReport.
    tokensChanged(object)
        Tokens of the prompt.
    donorTokensChanged(object)
        DonorTokens: the counterfactual prompt, aligned to the prompt told before.
    resolved(object, object)
        The RunRequest, and the notes about what could not be followed.
    deeper(object)
        A Deeper: how far down the run that is awaited has come.
    resultReady(object)
        A RunResult.
    progressed(str, object)
        What is being done, and the share done or None; an empty text when nothing is.
    failed(object, str)
        A Failure of the newest job, and its lane: ``"model"`` or ``"run"``.
    cancelled(str)
        The user stopped what was under way in this lane.
    staleChanged(bool)
        Whether what is shown answers an earlier question, and the newer answer is on its way.
    busyChanged(bool)
        Whether there is something to cancel.
    """

    openingChanged = Signal(str)
    modelOpened = Signal(object, object)
    tokensChanged = Signal(object)
    donorTokensChanged = Signal(object)
    resolved = Signal(object, object)
    deeper = Signal(object)
    resultReady = Signal(object)
    progressed = Signal(str, object)
    failed = Signal(object, str)
    cancelled = Signal(str)
    staleChanged = Signal(bool)
    busyChanged = Signal(bool)

    def __init__(self, store: SessionStore, thread: ModelThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._thread = thread
        self._info: ModelInfo | None = None
        self._device, self._dtype = "auto", "float32"
        self._opening = 0
        self._newest_run = 0
        self._oldest_wanted = 0
        self._awaited = False
        self._told_busy = False
        self._last_put = self._last_ended = 0
        self._doing = ""
        self._noticeable = QTimer(self, singleShot=True, interval=NOTICEABLE_MS)
        self._noticeable.timeout.connect(self._on_noticeable_timeout)
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

    def open_model(self, name: str, device: str | None = None, dtype: str | None = None) -> None:
        """Open a model; the session follows once it is open.

        Parameters
        ----------
        device, dtype : str or None
            None for what was asked for the last time.
        """
        self._device, self._dtype = device or self._device, dtype or self._dtype
        self._opening = self._put("model", OpenModel(name, self._device, self._dtype))
        self._noticeable.stop()
        self._tell_busy(True)
        self.openingChanged.emit(name)
        self.progressed.emit(f"Opening {short_name(name)}", None)

    def cancel(self) -> None:
        """Stop whatever is under way."""
        if not self.busy:
            return
        self._thread.cancel("model")
        self._thread.cancel("run")
        asked, lane = bool(self._opening or self._awaited), "model" if self._opening else "run"
        self._opening, self._awaited = 0, False
        self._stay()
        self._last_put = 0  # it may never have been taken, and then its end is not told
        self._be_quiet()
        self._tell_busy(self.busy)
        self.openingChanged.emit("")
        self.staleChanged.emit(False)
        if asked:
            self.cancelled.emit(lane)

    def close(self) -> None:
        """Show nothing more of what is under way."""
        self._noticeable.stop()

    def run_again(self) -> None:
        """Run the session again; without a model, try to open it again."""
        if self._info is not None:
            self.run()
        elif not self._opening:
            self.open_model(self._store.session.model)

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
        self._newest_run = self._put("run", Operate(session), interrupt=not following)
        if not following:
            self._oldest_wanted = self._newest_run
        self._await_result()
        self._tell_busy(True)
        self.staleChanged.emit(True)

    def _put(self, lane: Lane, job: object, *, interrupt: bool = True) -> int:
        self._last_put = self._thread.put(lane, job, interrupt=interrupt)
        return self._last_put

    def _await_result(self) -> None:
        self._awaited = True
        if not self._opening and not self._doing and not self._noticeable.isActive():
            self._noticeable.start()

    @Slot(object, object)
    def _on_store_changed(self, before: Session, after: Session) -> None:
        if after.model == before.model:
            if not asks_the_same(before, after):
                self.run(following=self._store.dragging)
        elif self._info is None or after.model != self._info.name:
            self.open_model(after.model)
        else:
            self._thread.cancel("model")
            self._opening = 0
            self.run()

    @Slot(int, object)
    def _on_thread_happened(self, generation: int, event: object) -> None:
        if isinstance(event, ModelOpened):
            self._take_opened(generation, event)
        elif generation == self._opening:
            self._take_opening_event(event)
        elif generation >= self._oldest_wanted:
            self._take_run_event(generation, event)

    def _take_opened(self, generation: int, event: ModelOpened) -> None:
        """Take over another model, also when it was no longer wanted but could not be stopped any more."""
        session = self._store.session
        wanted, is_first, self._info = generation == self._opening, self._info is None, event.info
        self._opening = 0 if wanted else self._opening
        self.openingChanged.emit("")
        self.modelOpened.emit(event.info, event.check)
        label = f"Open {short_name(event.info.name)}"
        if session.model == event.info.name:
            # Undo has its own session, which is not fitted again: redo would be lost.
            after = suited(session, event.info) if is_first else session
            self._store.edit(after, label)
            if asks_the_same(session, after):
                self.run()
        elif wanted:
            self._store.edit(suited(moved_to(session, event.info.name), event.info), label)
        elif not self._opening:
            self.open_model(session.model)

    def _take_opening_event(self, event: object) -> None:
        if isinstance(event, Progress):
            self.progressed.emit(event.text, event.fraction)
        elif isinstance(event, Failure):
            self._opening = 0
            self.openingChanged.emit("")
            self.failed.emit(event, "model")
            if not self._stay() and self._awaited:
                self.run()

    def _stay(self) -> bool:
        """Put the session back on the open model, if it asks for another; return whether it did."""
        session = self._store.session
        if self._info is None or session.model == self._info.name:
            return False
        self._store.edit(moved_to(session, self._info.name), f"Stay with {short_name(self._info.name)}")
        return True

    def _take_run_event(self, generation: int, event: object) -> None:
        newest = generation == self._newest_run
        if isinstance(event, Progress):
            if self._doing:
                self._doing = event.text
                self.progressed.emit(event.text, event.fraction)
        elif isinstance(event, TokensReady):
            self.tokensChanged.emit(event.tokens)
        elif isinstance(event, DonorTokens):
            self.donorTokensChanged.emit(event)
        elif isinstance(event, Resolved):
            self.resolved.emit(event.request, event.notes)
        elif isinstance(event, Deeper):
            # One that was cancelled can have told before it heard of it.
            if self._awaited:
                self.deeper.emit(event)
        elif isinstance(event, Finished):
            self.resultReady.emit(event.result)
            self._noticeable.stop()
            if newest:
                self._awaited = False
                self.staleChanged.emit(False)
            else:
                self._await_result()
        elif isinstance(event, Failure) and newest:
            self._awaited = False
            self.staleChanged.emit(False)
            self.failed.emit(event, "run")

    @Slot()
    def _on_noticeable_timeout(self) -> None:
        if self._awaited and not self._opening:
            self._doing = "Running"
            self.progressed.emit(self._doing, None)

    @Slot(int)
    def _on_thread_ended(self, generation: int) -> None:
        # The thread may have done a later job by now, of which is still to be told.
        self._last_ended = max(self._last_ended, generation)
        if self._thread.idle and self._last_ended >= self._last_put:
            self._be_quiet()
            self._tell_busy(False)

    def _be_quiet(self) -> None:
        self._noticeable.stop()
        self._doing = ""
        self.progressed.emit("", None)

    def _tell_busy(self, busy: bool) -> None:
        if busy != self._told_busy:
            self._told_busy = busy
            self.busyChanged.emit(busy)
