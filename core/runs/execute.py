"""Executing a request: the clean run, the operated run, and what they differ in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.memory import is_out_of_memory
from core.runs.events import Event, Finished, Progress
from core.runs.measure import Measurement, depths
from core.runs.result import RunResult
from core.runs.trace import needs_clean_run, trace

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.request import RunRequest
    from core.runs.trace import Trace
    from core.text.tokens import Tokens


def execute(
    loaded: LoadedModel, request: RunRequest, tokens: Tokens, cache: RunCache, cancel: CancelToken
) -> Iterator[Event]:
    """Run a request and yield what happens, the result last.

    Raises
    ------
    Cancelled
        If the token was set; asked for at every block of every forward pass.
    SurgeryError
        If the device has no memory left.
    """
    started = time.perf_counter()
    if (known := cache.result(request)) is not None:
        # Equal ids can stand for other characters.
        took = time.perf_counter() - started
        yield Finished(replace(known, request=request, tokens=tokens, seconds=took, clean_was_cached=True))
        return
    try:
        clean = cache.clean_trace(request)
        was_cached = clean is not None
        if clean is None:
            yield Progress("Clean run")
            clean = trace(loaded, request.ids, (), None, cancel)
            cache.keep_clean_trace(request, clean)
        operated = clean
        if request.plan:
            yield Progress("Operated run")
            operated = _operated(loaded, request, clean, cancel)
        result = _result(loaded, request, tokens, clean, operated, was_cached)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        cache.clear()
        raise SurgeryError(
            f"There is no memory left on {loaded.info.device} for this run.",
            "Use a shorter prompt, a smaller model, or close other programs.",
        ) from error
    result = replace(result, seconds=time.perf_counter() - started)
    cache.keep_result(result)
    yield Finished(result)


def _operated(loaded: LoadedModel, request: RunRequest, clean: Trace, cancel: CancelToken) -> Trace:
    spread = clean.spread() if needs_clean_run(request.plan) else None
    return trace(loaded, request.ids, request.plan, spread, cancel)


def _result(
    loaded: LoadedModel, request: RunRequest, tokens: Tokens, clean: Trace, operated: Trace, was_cached: bool
) -> RunResult:
    clean_depths = depths(loaded, clean, request.read_position)
    operated_depths = clean_depths if operated is clean else depths(loaded, operated, request.read_position)
    measured = Measurement(loaded, request, (clean, clean_depths), (operated, operated_depths))
    before, after, effect = measured.readouts()
    return RunResult(
        request=request,
        model=loaded.info,
        tokens=tokens,
        target=measured.target,
        versus=measured.versus,
        target_text=measured.text(measured.target),
        versus_text=measured.text(measured.versus),
        clean=before,
        operated=after,
        effect=effect,
        unchanged=operated.unchanged,
        finite=bool(operated.residuals.isfinite().all()),
        seconds=0.0,
        clean_was_cached=was_cached,
    )
