"""The desk of the model thread: it owns the model and serves one job at a time."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import Cancelled, SurgeryError
from core.runs.cache import RunCache
from core.runs.events import Event, Failure, ModelOpened, Progress

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.sessions.session import Session

log = logging.getLogger(__name__)

OPEN_A_MODEL = "Choose one in the model menu."


@dataclass(frozen=True)
class OpenModel:
    """Open a model and check it."""

    name: str
    device: str = "auto"
    dtype: str = "float32"


@dataclass(frozen=True)
class Operate:
    """Run a session on the open model."""

    session: Session


class Desk:
    """Serves jobs; all its methods belong to one thread."""

    def __init__(self) -> None:
        self._loaded: LoadedModel | None = None
        self._cache = RunCache()

    def serve(self, job: object, cancel: CancelToken, emit: Callable[[Event], None]) -> None:
        """Do a job and tell what happens. Failures are told too; nothing is raised.

        A job that was cancelled says nothing more, not even that it failed.

        Parameters
        ----------
        job : OpenModel or Operate
        emit : callable
            Gets every event, in order.
        """

        def tell(event: Event) -> None:
            cancel.check()
            emit(event)

        try:
            failure = self._failure_of(job, cancel, tell)
            if failure is not None:
                tell(failure)
        except Cancelled:
            return

    def _failure_of(self, job: object, cancel: CancelToken, tell: Callable[[Event], None]) -> Failure | None:
        """Do a job and return what went wrong."""
        try:
            if isinstance(job, OpenModel):
                self._open(job, cancel, tell)
            elif isinstance(job, Operate):
                self._operate(job, cancel, tell)
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

    def _open(self, job: OpenModel, cancel: CancelToken, tell: Callable[[Event], None]) -> None:
        tell(Progress("Importing torch"))
        from core.models.loading import open_model
        from core.runs.self_check import self_check

        def report(text: str, fraction: float | None) -> None:
            tell(Progress(text, fraction))

        loaded = open_model(job.name, device=job.device, dtype=job.dtype, report=report, cancel=cancel)
        tell(Progress("Checking the model"))
        checked = self_check(loaded, cancel)
        tell(ModelOpened(loaded.info, checked))
        # The model that was open is let go only now: a failed opening leaves it where it is.
        self._cache.clear()
        self._loaded = loaded

    def _operate(self, job: Operate, cancel: CancelToken, tell: Callable[[Event], None]) -> None:
        from core.sessions.operate import operate

        if self._loaded is None:
            raise SurgeryError("No model is open.", OPEN_A_MODEL)
        if self._loaded.info.name != job.session.model:
            # Numbers of one model must never be shown as another's.
            raise SurgeryError(f"{job.session.model} is not open, {self._loaded.info.name} is.", OPEN_A_MODEL)
        for event in operate(self._loaded, job.session, self._cache, cancel):
            tell(event)

    def close(self) -> None:
        """Let the model and everything kept go."""
        self._cache.clear()
        self._loaded = None
