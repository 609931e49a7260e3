"""Sweeping the session's prompt: one sweep at a time, told cell by cell while runs go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.interventions.plan import Plan
from core.runs.events import Failure
from core.runs.sweep_result import SweepFinished, SweepPart, SweepProgress, SweepStarted
from core.sessions.desk import Sweep
from core.sessions.session import Session

if TYPE_CHECKING:
    from typing import Literal

    from core.runs.sweep_request import Method
    from core.runs.sweep_result import Cost, SweepResult
    from core.sessions.sweep_spec import SweepSpec
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.worker.model_thread import ModelThread

# Cells that come within this time are drawn together.
TOGETHER_MS = 100


def question(session: Session, spec: SweepSpec) -> tuple[Session, SweepSpec]:
    """Return what decides the numbers of a sweep: the plan takes no part, nor what only the next click needs."""
    plain = Session(model=session.model, prompt=session.prompt)
    kept = replace(session, plan=Plan(), chosen=plain.chosen, brush=plain.brush, generation=plain.generation)
    return replace(kept, clean_side=plain.clean_side, seeds=plain.seeds, top_k=plain.top_k), spec


class Sweeping(QObject):
    """Asks the model thread for a sweep: first estimates of all cells, then every cell itself.

    Attributes
    ----------
    result : SweepResult or None
        What is done of the last sweep.
    screened : SweepResult or None
        Estimates of the same cells.
    progress : SweepProgress or None
        How far the one under way is.
    cost : Cost or None
        What the sweep that was asked about is going to take.

    Signals
    -------
    advanced()
        Result, estimates, progress or cost are others.
    failed(object)
        Why there is none, as a Failure.
    runningChanged(bool)
    """

    advanced = Signal()
    failed = Signal(object)
    runningChanged = Signal(bool)

    def __init__(
        self, store: SessionStore, thread: ModelThread, controller: RunController, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._thread = store, thread
        self.result: SweepResult | None = None
        self.screened: SweepResult | None = None
        self.progress: SweepProgress | None = None
        self.cost: Cost | None = None
        self._generation = 0
        self._stage: Literal["", "cost", "screen", "exact"] = ""
        self._job: Sweep | None = None
        self._asked: object = None
        # What is kept of the sweep that was asked about, from an earlier start of the program or before another sweep.
        self._kept: SweepResult | None = None
        self._priced: object = None
        self._soon = QTimer(self, singleShot=True, interval=TOGETHER_MS)
        self._soon.timeout.connect(self.advanced)
        thread.swept.connect(self._on_thread_swept)
        thread.ended.connect(self._on_thread_ended)
        controller.openingChanged.connect(self._on_controller_opening_changed)

    @property
    def running(self) -> bool:
        """Whether a sweep is under way, or waits for the thread."""
        return self._stage in ("screen", "exact")

    @property
    def exact(self) -> bool:
        """Whether cells are run, and not only estimated."""
        return self._stage == "exact"

    def resumable(self, spec: SweepSpec) -> bool:
        """Whether a part of this sweep is done, and not all of it."""
        return self.part(spec) is not None

    def part(self, spec: SweepSpec) -> SweepResult | None:
        """Return what there is to go on from with this sweep."""
        asked = question(self._store.session, spec)
        for known, part in ((self._asked, self.result), (self._priced, self._kept)):
            if known == asked and part is not None and part.done.any() and not part.is_complete:
                return part
        return None

    def finished(self, spec: SweepSpec) -> bool:
        """Whether this very sweep is done."""
        done = self.result is not None and self.result.is_complete
        return done and self._asked == question(self._store.session, spec)

    def ask_for_cost(self, spec: SweepSpec) -> None:
        """Measure what a sweep is going to take, unless one is under way."""
        if not self.running:
            self.cost = self._kept = None
            self._priced = question(self._store.session, spec)
            self._put("cost", Sweep(self._store.session, spec, cost_only=True))

    def start(self, spec: SweepSpec) -> None:
        """Sweep, or go on with what is done."""
        session = self._store.session
        earlier, self._kept = self.part(spec), None
        self._asked = question(session, spec)
        self._job = Sweep(session, spec, earlier=earlier)
        self.progress = None
        if earlier is None:
            self.result = self.screened = None
            self._put("screen", Sweep(session, spec, method="screen"))
        else:
            if earlier is not self.result:
                self.result, self.screened = earlier, None
            self._put("exact", self._job)
        self.runningChanged.emit(True)

    def stop(self) -> None:
        """Leave it where it is."""
        if self._stage:
            self._thread.cancel("sweep")
            self._rest()

    def close(self) -> None:
        """Tell nothing more."""
        self._stage, self._generation = "", 0
        self._soon.stop()

    def _put(self, stage: Literal["cost", "screen", "exact"], job: Sweep) -> None:
        self._stage = stage
        self._generation = self._thread.put("sweep", job)

    def _rest(self) -> None:
        was_running = self.running
        self._stage, self._generation, self.progress = "", 0, None
        if was_running:
            self.runningChanged.emit(False)
        self.advanced.emit()

    @Slot(int, object)
    def _on_thread_swept(self, generation: int, event: object) -> None:
        if generation != self._generation:
            return
        if isinstance(event, Failure):
            self._take_failure(event)
        elif isinstance(event, SweepStarted):
            self._take_start(event)
        elif isinstance(event, SweepPart):
            self._take_part(event)
        elif isinstance(event, SweepProgress):
            self.progress = event
        elif isinstance(event, SweepFinished):
            self._keep(event.result)
        else:
            return
        if not self._soon.isActive():
            self._soon.start()

    def _take_start(self, event: SweepStarted) -> None:
        if self._stage != "screen":
            self.cost = event.cost
        if self._stage == "screen":
            # The exact map begins as large as the estimated one, and empty.
            method: Method = "bf16" if self._job is not None and self._job.spec.bf16 else "exact"
            self.result = replace(event.result, request=replace(event.result.request, method=method))
        if self._stage == "cost":
            self._kept = event.result
        else:
            self._keep(event.result)

    def _take_part(self, part: SweepPart) -> None:
        kept = self.screened if self._stage == "screen" else self.result
        if kept is not None:
            self._keep(kept.with_part(part))

    def _keep(self, result: SweepResult) -> None:
        if self._stage == "screen":
            self.screened = result
        else:
            self.result = result

    def _take_failure(self, failure: Failure) -> None:
        # Estimates are only a help: what cannot be estimated can still be run.
        if self._stage == "exact":
            self.failed.emit(failure)

    @Slot(int)
    def _on_thread_ended(self, generation: int) -> None:
        if generation != self._generation:
            return
        if self._stage == "screen" and self._job is not None:
            self._put("exact", self._job)
        else:
            self._rest()

    @Slot(str)
    def _on_controller_opening_changed(self, name: str) -> None:
        if name:
            self._kept = None
            self.stop()
