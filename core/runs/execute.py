"""Executing a request: the clean run, the operated ones, and what they differ in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from core.interventions.direction_form import parse_direction
from core.interventions.ops import OPERATIONS
from core.runs.average import reseeded
from core.runs.descent import Descent
from core.runs.events import Event, Finished, Progress
from core.runs.measure import Measurement, depths
from core.runs.restart import descend, reuse_of
from core.runs.result import Remark, RunResult
from core.runs.running_out import running_out_told
from core.runs.supplies import Supplies
from core.runs.tape import taped

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.request import RunRequest
    from core.runs.result import Reuse
    from core.runs.tape import Tape
    from core.text.tokens import Tokens


def execute(
    loaded: LoadedModel,
    request: RunRequest,
    tokens: Tokens,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None = None,
    counterfactual: Tokens | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Event]:
    """Run a request and yield what happens, the result last.

    Parameters
    ----------
    donor : LoadedModel, optional
        The model that transplants come from; needed when the request names one.
    counterfactual : Tokens, optional
        The prompt whose ids are the request's donor.
    clock : callable, optional
        Returns seconds: a run that takes long tells how far down it has come.

    Raises
    ------
    Cancelled
        If the token was set; asked for at every block of every forward pass.
    SurgeryError
        If the device has no memory left, or an operation cannot have what it needs.
    """
    started = clock()
    if (known := cache.result(request)) is not None:
        # Equal ids can stand for other characters.
        took = clock() - started
        known = replace(known, request=request, tokens=tokens, counterfactual=counterfactual)
        yield Finished(replace(known, seconds=took, reuse=replace(known.reuse, clean=True, result=True)))
        return
    with running_out_told(loaded, cache, "this run"):
        was_cached = cache.clean_tape(loaded.identity, request.ids) is not None
        if not was_cached:
            yield Progress("Clean run")
        tape = taped(loaded, request.ids, cache, cancel)
        run = _Run(loaded, request, tape, cancel, started, clock)
        if request.plan:
            yield from run.operated(Supplies(loaded, request, tape.trace, cache, cancel, donor))
        else:
            run.untouched()
        result = run.result(tokens, replace(reuse_of(loaded, tape, request.plan), clean=was_cached))
    result = replace(result, counterfactual=counterfactual, seconds=clock() - started)
    if "file" not in direction_kinds(request):  # which can hold another one the next time
        cache.keep_result(result)
    yield Finished(result)


def direction_kinds(request: RunRequest) -> set[str]:
    """Return the kinds of the directions that a plan names, as `core.interventions.direction_form` has them."""
    directed = (each for each in request.plan if "direction" in OPERATIONS[each.operation].needs)
    return {parse_direction(str(dict(each.params)["v"])).kind for each in directed}


class _Run:
    """The operated runs of a request, over one seed or several."""

    def __init__(
        self,
        loaded: LoadedModel,
        request: RunRequest,
        tape: Tape,
        cancel: CancelToken,
        started: float,
        clock: Callable[[], float],
    ) -> None:
        self._loaded = loaded
        self._request = request
        self._tape = tape
        self._cancel = cancel
        self._clean_depths = depths(loaded, tape.trace, request.read_position)
        self._measurement = Measurement(loaded, request, tape.trace, self._clean_depths)
        self._descent = Descent(loaded, request, self._measurement, tape.trace, self._clean_depths, started, clock)
        self._unchanged: set[int] = {incision.index for incision in request.plan}
        self._finite = bool(tape.residuals.isfinite().all())
        self._remarks: tuple[Remark, ...] = ()

    def untouched(self) -> None:
        """Take the clean run for the operated one: the plan is empty."""
        self._measurement.add(self._tape.trace, self._clean_depths)

    def operated(self, supplies: Supplies) -> Iterator[Event]:
        """Run the plan once for every seed."""
        yield Progress("Operated run")
        known = supplies.gathered()
        self._remarks = tuple(supplies.remarks)
        repeats = self._request.repeats
        for number in range(repeats):
            if number:
                yield Progress(f"Seed {number + 1} of {repeats}", number / repeats)
            plan = reseeded(self._request.plan, number)
            carried = [supplies.carried(incision, each) for incision, each in zip(plan, known, strict=True)]
            for operated in descend(self._loaded, self._tape, plan, carried, self._cancel):
                yield from self._descent.told(operated)
            self._unchanged &= set(operated.unchanged)
            self._finite &= bool(operated.residuals.isfinite().all())
            self._measurement.add(operated, depths(self._loaded, operated, self._request.read_position))

    def result(self, tokens: Tokens, reuse: Reuse) -> RunResult:
        """Return what came of it."""
        measured = self._measurement
        before, after, effect = measured.readouts()
        return RunResult(
            request=self._request,
            model=self._loaded.info,
            tokens=tokens,
            target=measured.target,
            versus=measured.versus,
            target_text=measured.text(measured.target),
            versus_text=measured.text(measured.versus),
            clean=before,
            operated=after,
            effect=effect,
            unchanged=tuple(sorted(self._unchanged)),
            finite=self._finite,
            seconds=0.0,
            reuse=reuse,
            remarks=self._remarks,
            repeats=self._request.repeats,
        )
