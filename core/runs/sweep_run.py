"""Executing a sweep: the clean run once, then every cell, batch by batch, or an estimate of all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.runs.cell_answers import Part, Wanted
from core.runs.events import Progress
from core.runs.measure import Measurement, depths
from core.runs.peak_memory import PeakMemory
from core.runs.restart import why_all
from core.runs.result import SweepReuse
from core.runs.running_out import running_out_told
from core.runs.supplies import ForCells, Supplies
from core.runs.sweep import Tick, sweep
from core.runs.sweep_check import cells_to_check, checked, why_not_bf16
from core.runs.sweep_cost import batches_of, estimated_seconds
from core.runs.sweep_result import (
    Cost,
    SweepFinished,
    SweepPart,
    SweepProgress,
    SweepResult,
    SweepStarted,
)
from core.runs.sweep_words import bf16_words
from core.runs.tape import taped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.result import Readouts
    from core.runs.sweep_cost import CellBatch
    from core.runs.sweep_request import SweepRequest
    from core.runs.sweep_result import SavedCells, SweepEvent
    from core.runs.tape import Tape
    from core.text.tokens import Tokens


def execute_sweep(
    loaded: LoadedModel,
    request: SweepRequest,
    tokens: Tokens,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None = None,
    earlier: SweepResult | SavedCells | None = None,
) -> Iterator[SweepEvent]:
    """Run or estimate the cells of a request and yield what happens, the result last.

    Whenever something was yielded no hook is on the model: it may be run in between.

    Parameters
    ----------
    donor : LoadedModel, optional
        The model that transplants come from; needed when the request names one.
    earlier : SweepResult or SavedCells, optional
        Of an equal request; what is done there is not done again.

    Raises
    ------
    Cancelled
        If the token was set; asked for before every layer.
    SurgeryError
        If the device has no memory left, or an operation cannot have what it needs.
    """
    with running_out_told(loaded, cache, "this sweep"):
        made = _Sweeping(loaded, request, tokens, cache, cancel, donor)
        yield Progress("Clean run")
        made.run_clean()
        yield Progress("What the operation needs")
        made.run_ahead()
        if earlier is not None:
            made.result = made.result.resumed(earlier)
        yield from made.estimated() if request.method == "screen" else made.exact()


class _Sweeping:
    """One sweep on its way."""

    def __init__(
        self,
        loaded: LoadedModel,
        request: SweepRequest,
        tokens: Tokens,
        cache: RunCache,
        cancel: CancelToken,
        donor: LoadedModel | None,
    ) -> None:
        self._loaded = loaded
        self._request = request
        self._tokens = tokens
        self._cache = cache
        self._cancel = cancel
        self._donor = donor
        self._started = time.perf_counter()
        self._memory = PeakMemory(loaded.info.device)
        self._remarks: list[str] = []
        self._row_layers = 0
        self.result: SweepResult
        self._supplies: Supplies
        self._tape: Tape

    def run_clean(self) -> None:
        """Run the prompt through the untouched model, and measure it."""
        was_kept = self._cache.clean_tape(self._loaded.identity, self._request.ids) is not None
        self._tape = taped(self._loaded, self._request.ids, self._cache, self._cancel)
        why = why_all(self._loaded, self._tape, self._request.cells)
        reuse = SweepReuse(why=why, in_batches=self._tape.in_batches, clean=was_kept)
        run = self._request.as_run().clean()
        clean = self._tape.trace
        by_depth = depths(self._loaded, clean, run.read_position)
        measured = Measurement(self._loaded, run, clean, by_depth)
        measured.add(clean, by_depth)
        readouts = measured.readouts()[0]
        predicted = None if measured.target is None else _empty(len(self._request.cells))
        compared = predicted if measured.versus is not None else None
        self.result = SweepResult(
            request=self._request,
            model=self._loaded.info,
            tokens=self._tokens,
            target=measured.target,
            versus=measured.versus,
            target_text=measured.text(measured.target),
            versus_text=measured.text(measured.versus),
            clean=readouts,
            done=np.zeros(len(self._request.cells), dtype=bool),
            log_prob=predicted,
            d_log_prob=predicted,
            logit_difference=compared,
            d_logit_difference=compared,
            kl=predicted,
            cosine=_empty(len(self._request.cells), len(run.pairs), self._loaded.info.n_layers + 1),
            reuse=None if self._request.method == "screen" else reuse,
        )

    def run_ahead(self) -> None:
        """Run what the operation needs besides the clean run."""
        self._supplies = Supplies(
            self._loaded,
            self._request.as_run(),
            self._tape.trace,
            self._cache,
            self._cancel,
            self._donor,
        )
        self._supplies.run_ahead()

    def exact(self) -> Iterator[SweepEvent]:
        """Run every cell that is not done."""
        left = np.flatnonzero(~self.result.done).tolist()
        why_not = why_not_bf16(self._loaded, self._tape, self._request)
        bf16 = self._request.method == "bf16" and not why_not
        batches = batches_of(self._loaded, self._tape, self._request.cells, left, bf16=bf16)
        self.result = replace(self.result, bf16=self.result.bf16 or bf16)
        cost = Cost(len(left), estimated_seconds(self._loaded, self._tape, batches, bf16=bf16), why_not)
        yield SweepStarted(self.result, cost)
        earlier, began = self.result, time.perf_counter()
        whole, worked = sum(batch.work for batch in batches), 0.0
        for batch in batches:
            for found in self._engine(batch.cells, bf16=bf16):
                self._memory.sample()
                if isinstance(found, Part):
                    part = replace(
                        _part(found, batch, self.result.clean),
                        seconds=earlier.seconds + self._seconds,
                        counted=self.result.counted + len(found.cells),
                        row_layers=earlier.row_layers + self._row_layers,
                    )
                    self.result = self.result.with_part(part)
                    yield part
                else:
                    share = (worked + found.work * batch.work) / whole
                    spent = time.perf_counter() - began
                    yield SweepProgress(int(self.result.done.sum()), share, spent * (1 - share) / share)
            worked += batch.work
        if self.result.bf16:
            yield from self._check()
        elif self._request.method == "bf16":
            self._remarks.append(f"Run exactly. {why_not}")
        yield self._finished(earlier.seconds)

    def _check(self) -> Iterator[SweepEvent]:
        """Run some cells again, exactly, and note how far off they were."""
        cells = cells_to_check(self.result)
        exact = self.result
        for batch in batches_of(self._loaded, self._tape, self._request.cells, cells):
            for found in self._engine(batch.cells, bf16=False):
                if isinstance(found, Part):
                    exact = exact.with_part(_part(found, batch, self.result.clean))
                else:
                    yield SweepProgress(len(self.result.done), 1.0, 0.0)
        self.result = replace(self.result, checked=checked(self.result, exact, cells))
        self._remarks.append(bf16_words(self.result))

    def estimated(self) -> Iterator[SweepEvent]:
        """Estimate all cells at once; only the last layer's similarities can be estimated."""
        from core.runs.screen import screen

        yield SweepStarted(self.result, Cost(len(self._request.cells), None))
        cells, result = self._request.cells, self.result
        supplies = ForCells(self._supplies, cells)
        found = screen(self._loaded, self._request.ids, cells, supplies, self._wanted, self._cancel)
        cosine = np.full(result.cosine.shape, np.nan)
        cosine[:, :, -1] = result.clean_cosine[:, -1] + found.cosine
        numbers = result.clean.numbers
        part = SweepPart(
            cells=tuple(range(len(cells))),
            log_prob=_moved(numbers["log_prob"], found.log_prob),
            d_log_prob=found.log_prob,
            logit_difference=_moved(numbers["logit_difference"], found.logit_difference),
            d_logit_difference=found.logit_difference,
            kl=None,
            cosine=cosine,
        )
        self.result = result.with_part(part)
        yield part
        yield self._finished(0.0)

    def _engine(self, numbers: Sequence[int], *, bf16: bool) -> Iterator[Part | Tick]:
        cells = [self._request.cells[number] for number in numbers]
        supplies = ForCells(self._supplies, cells)
        steps = sweep(self._loaded, self._tape, cells, supplies, self._wanted, self._cancel, bf16=bf16)
        while True:
            before = self._tape.row_layers
            found = next(steps, None)
            # Only what the engine ran: others run parts of the same tape while the model is free.
            self._row_layers += self._tape.row_layers - before
            if found is None:
                return
            yield found

    @property
    def _wanted(self) -> Wanted:
        request, result = self._request, self.result
        return Wanted(request.read_position, result.target, result.versus, request.pairs)

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._started

    def _finished(self, already: float) -> SweepFinished:
        self.result = replace(
            self.result,
            seconds=already + self._seconds,
            peak_memory_bytes=self._memory.bytes(),
            remarks=tuple(dict.fromkeys([*(remark.text for remark in self._supplies.remarks), *self._remarks])),
        )
        return SweepFinished(self.result)


def _part(found: Part, batch: CellBatch, clean: Readouts) -> SweepPart:
    """Return cells by their numbers in the request; what changed is counted from the clean readouts."""
    part = SweepPart(
        cells=tuple(batch.cells[number] for number in found.cells),
        log_prob=_moved(clean.numbers["log_prob"], found.d_log_prob),
        d_log_prob=found.d_log_prob,
        logit_difference=_moved(clean.numbers["logit_difference"], found.d_logit_difference),
        d_logit_difference=found.d_logit_difference,
        kl=found.kl,
        cosine=found.cosine,
    )
    for values in (part.log_prob, part.d_log_prob, part.logit_difference, part.d_logit_difference, part.kl):
        if values is not None:
            values.setflags(write=False)
    part.cosine.setflags(write=False)
    return part


def _moved(clean: float | None, change: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    return None if clean is None or change is None else clean + change


def _empty(*shape: int) -> NDArray[np.float64]:
    made = np.full(shape, np.nan)
    made.setflags(write=False)
    return made
