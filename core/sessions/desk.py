"""The desk of the model thread: it owns the models and serves one job at a time."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import Cancelled, SurgeryError
from core.models.memory import OutOfMemory
from core.runs.cache import RunCache
from core.runs.events import Event, Failure, ModelOpened, ModelsListed, Progress
from core.runs.unfinished_sweeps import UnfinishedSweeps
from core.sessions.holding import SHARE, Checked, Holding
from core.sessions.other_texts import wanted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.sweep_request import Method, SweepRequest
    from core.runs.sweep_result import SavedCells, SweepEvent, SweepResult
    from core.sessions.session import Session
    from core.sessions.sweep_spec import SweepSpec

log = logging.getLogger(__name__)

OPEN_A_MODEL = "Choose one in the model menu."
Tell = Callable[["Event | SweepEvent"], None]


@dataclass(frozen=True)
class OpenModel:
    """Open a model and check it."""

    name: str
    device: str = "auto"
    dtype: str = "float32"


@dataclass(frozen=True)
class TendModels:
    """Let models go, change the share of memory that they may take, and tell what can be opened.

    Attributes
    ----------
    let_go : tuple of str
        Identities; the open model stays.
    share : float or None
        None leaves it as it is.
    folders : tuple of str
        Checkpoint folders to list besides specimens and the hub's cache.
    listing : bool
        Whether what can be opened is told too, and how much is kept of runs.
    """

    let_go: tuple[str, ...] = ()
    share: float | None = None
    folders: tuple[str, ...] = ()
    listing: bool = True


@dataclass(frozen=True)
class Operate:
    """Run a session on the open model."""

    session: Session


@dataclass(frozen=True)
class Continue:
    """Continue a session's prompt on the open model, clean and operated."""

    session: Session


@dataclass(frozen=True, eq=False)
class Sweep:
    """Sweep a session's prompt on the open model.

    Attributes
    ----------
    earlier : SweepResult or None
        What is done already; of no use where the request turns out to be another. Without it, what
        is kept of a sweep that was left off is gone on from.
    cost_only : bool
        Leave off as soon as it is told what the sweep is going to take.
    """

    session: Session
    spec: SweepSpec
    method: Method = "exact"
    earlier: SweepResult | None = None
    cost_only: bool = False


class Desk:
    """Serves jobs; all its methods belong to one thread.

    Parameters
    ----------
    unfinished : Path or None
        The folder where sweeps that are left off are kept; None keeps none.
    """

    def __init__(self, unfinished: Path | None = None) -> None:
        self._cache = RunCache()
        self._unfinished = UnfinishedSweeps(unfinished)
        self._holding = Holding(self._on_released)
        self._open: Checked | None = None
        # What the open model was opened with; it may have been let go for want of memory.
        self._asked: OpenModel | None = None
        self._told: tuple[object, float] = ((), SHARE)

    @property
    def loaded(self) -> LoadedModel | None:
        """The open model."""
        return None if self._open is None else self._open.loaded

    def serve(self, job: object, cancel: CancelToken, emit: Tell, in_between: Callable[[], None] | None = None) -> None:
        """Do a job and tell what happens. Failures are told too; nothing is raised.

        A job that was cancelled says nothing more, not even that it failed.

        Parameters
        ----------
        job : OpenModel, TendModels, Operate, Continue or Sweep
        emit : callable
            Gets every event, in order.
        in_between : callable or None
            Called whenever a sweep leaves the model free for a moment; may serve other jobs.
        """

        def tell(event: Event | SweepEvent) -> None:
            cancel.check()
            emit(event)

        try:
            failure = self._failure_of(job, cancel, tell, in_between or _nothing)
            self._tell_held(tell)
            if failure is not None:
                tell(failure)
        except Cancelled:
            return

    def _failure_of(
        self, job: object, cancel: CancelToken, tell: Tell, in_between: Callable[[], None]
    ) -> Failure | None:
        """Do a job and return what went wrong."""
        try:
            if isinstance(job, OpenModel):
                self._take_up(job, cancel, tell)
            elif isinstance(job, TendModels):
                self._tend(job, tell)
            elif isinstance(job, Operate | Continue | Sweep):
                self._operate(job, cancel, tell, in_between)
            else:
                raise TypeError(f"no such job: {job!r}")
        except Cancelled:
            raise
        except SurgeryError as error:
            return Failure(error.message, error.hint)
        except Exception as error:
            log.debug("a job broke", exc_info=True)
            return Failure(
                f"Something unexpected happened: {type(error).__name__}: {error}",
                "Your work is kept. Copy the report and tell the developers.",
                traceback.format_exc(),
            )
        return None

    def _take_up(self, job: OpenModel, cancel: CancelToken, tell: Tell) -> None:
        checked = self._opened(job, cancel, tell)
        tell(ModelOpened(checked.loaded.info, checked.check))
        # The model that was open gives way only now: a failed opening leaves it where it is.
        self._open, self._asked = checked, job
        self._holding.keep(checked)

    def _opened(self, job: OpenModel, cancel: CancelToken, tell: Tell) -> Checked:
        def report(text: str, fraction: float | None) -> None:
            tell(Progress(text, fraction))

        tell(Progress("Importing torch"))
        return self._holding.opened(job.name, job.device, job.dtype, report, cancel)

    def _tend(self, job: TendModels, tell: Tell) -> None:
        shelf = self._holding.shelf
        with ExitStack() as stays:
            if self.loaded is not None:
                stays.enter_context(shelf.pinned(self.loaded.identity))
            for identity in job.let_go:
                if self.loaded is None or identity != self.loaded.identity:
                    shelf.let_go(identity)
            if job.share is not None:
                self._holding.set_share(job.share)
        self._tell_held(tell)
        tell(self._cache.kept())
        if job.listing:
            from core.models.catalogue import list_models
            from core.models.devices import list_devices

            try:
                entries = list_models(folders=job.folders)
            except OSError as error:
                raise SurgeryError(
                    f"The models on this machine cannot be listed: {error.strerror}.", "Type a name or a folder."
                ) from error
            tell(ModelsListed(entries, list_devices()))

    def _operate(
        self, job: Operate | Continue | Sweep, cancel: CancelToken, tell: Tell, in_between: Callable[[], None]
    ) -> None:
        session = job.session
        loaded, shelf = self._model_for(session, cancel, tell), self._holding.shelf
        with ExitStack() as stays:
            stays.enter_context(shelf.pinned(loaded.identity))
            donor = missing = None
            try:
                donor = self._donor_for(session, cancel, tell)
            except OutOfMemory:
                raise
            except SurgeryError as error:
                missing = error  # the rest of the plan can be followed
            if donor is not None:
                stays.enter_context(shelf.pinned(donor.identity))

            def run() -> None:
                with self._unfinished.following() as see:
                    for event in self._events_of(job, loaded, cancel, donor, missing):
                        see(event)
                        tell(event)
                        in_between()

            try:
                run()
            except OutOfMemory:
                if not shelf.let_others_go():
                    raise
                run()

    def _events_of(
        self,
        job: Operate | Continue | Sweep,
        loaded: LoadedModel,
        cancel: CancelToken,
        donor: LoadedModel | None,
        missing: SurgeryError | None,
    ) -> Iterator[Event | SweepEvent]:
        from core.sessions.operate import continue_prompt, operate

        if isinstance(job, Sweep):
            if missing is not None:
                raise missing  # every cell needs it
            return _swept(job, loaded, self._cache, cancel, donor, self._unfinished)
        follow = continue_prompt if isinstance(job, Continue) else operate
        return follow(loaded, job.session, self._cache, cancel, donor, missing)

    def _model_for(self, session: Session, cancel: CancelToken, tell: Tell) -> LoadedModel:
        """Return the open model, opened again if it had to make room."""
        if self._open is None and self._asked is not None and self._asked.name == session.model:
            self._open = self._opened(self._asked, cancel, tell)
            self._holding.keep(self._open)
        if self._open is None:
            raise SurgeryError("No model is open.", OPEN_A_MODEL)
        loaded = self._open.loaded
        if loaded.info.name != session.model:
            # Numbers of one model must never be shown as another's.
            raise SurgeryError(f"{session.model} is not open, {loaded.info.name} is.", OPEN_A_MODEL)
        self._holding.shelf.find(loaded.identity)
        return loaded

    def _donor_for(self, session: Session, cancel: CancelToken, tell: Tell) -> LoadedModel | None:
        """Return the model that transplants come from, opened like the open one; None where nothing is transplanted."""
        if not session.donor_model or self._open is None or self._asked is None or "transplant" not in wanted(session):
            return None
        if session.donor_model == session.model:
            return self._open.loaded
        job = OpenModel(session.donor_model, self._asked.device, self._asked.dtype)
        # One that failed its check too: loading it again at every run would not mend it.
        checked = self._holding.at_hand(job.name, job.device, job.dtype) or self._opened(job, cancel, tell)
        self._holding.keep(checked)
        return checked.loaded

    def _tell_held(self, tell: Tell) -> None:
        """Tell which models are in memory, if they are others than before."""
        held = self._holding.held(None if self.loaded is None else self.loaded.identity)
        if (held.models, held.share) != self._told:
            tell(held)
            self._told = (held.models, held.share)

    def _on_released(self, identity: str) -> None:
        self._cache.forget(identity)
        if self.loaded is not None and self.loaded.identity == identity:
            self._open = None

    def close(self) -> None:
        """Let all models and everything kept go."""
        self._cache.clear()
        self._open = self._asked = None
        self._holding.clear()


def _nothing() -> None:
    """Serve nothing."""


def _swept(
    job: Sweep,
    loaded: LoadedModel,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None,
    unfinished: UnfinishedSweeps,
) -> Iterator[SweepEvent]:
    from core.runs.sweep_result import SweepStarted
    from core.sessions.sweep_session import sweep_session

    def earlier(request: SweepRequest) -> SweepResult | SavedCells | None:
        if job.earlier is not None and job.earlier.request == request:
            return job.earlier
        return None if job.method == "screen" else unfinished.find(request)

    events = sweep_session(loaded, job.session, job.spec, cache, cancel, donor, method=job.method, earlier=earlier)
    for event in events:
        yield event
        if job.cost_only and isinstance(event, SweepStarted):
            return
