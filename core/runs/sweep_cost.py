"""What a sweep costs: how its cells go through the engine in batches, and how long these take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.cancel import CancelToken
from core.hooks.products import fast_products
from core.runs.batch_sizes import batch_sizes
from core.runs.cell_answers import Wanted
from core.runs.compile import NOTHING
from core.runs.restart import first_rows
from core.runs.sweep import sweep
from core.runs.tape import running
from core.runs.trace import answer_of

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.runs.tape import Tape

# In one that was timed alone another program can have had the processor: the shortest of a few is taken.
MOST_TIMES, LONG_ENOUGH = 3, 0.05
# Fewer would make the clean run, which goes along in every batch, a large part of it.
FEWEST_CELLS = 16
# What is prepared for a layer serves as many parts as go through it one after the other; in bf16 these take half
# the time, until there is something to show.
PARTS, PARTS_IN_BF16 = 2, 4


@dataclass(frozen=True)
class CellBatch:
    """Cells that go through the engine together; after each batch there is a result to keep.

    Attributes
    ----------
    cells : tuple of int
        Their numbers in the request.
    rows : int
        How many tokens of each are computed.
    layers : int
        How many layers are run, over all cells.
    steps : int
        How often a layer is called for them, together or one by one.
    example : ResolvedIncision
        One of the cells.
    """

    cells: tuple[int, ...]
    rows: int
    layers: int
    steps: int
    example: ResolvedIncision

    @property
    def work(self) -> int:
        """Tokens times layers: what its time grows with."""
        return self.rows * self.layers


def batches_of(
    loaded: LoadedModel, tape: Tape, cells: Sequence[ResolvedIncision], left: Sequence[int], *, bf16: bool = False
) -> list[CellBatch]:
    """Return the cells that are left in batches, those of the last layers first.

    Each is large enough that its matrix products are bound by arithmetic, and small enough that
    what is done can be shown and kept.
    """
    by_rows: dict[int, list[int]] = {}
    for number in left:
        by_rows.setdefault(len(first_rows(loaded, tape, (cells[number],))), []).append(number)
    made = []
    for rows, numbers in sorted(by_rows.items()):
        most = max(FEWEST_CELLS, (PARTS_IN_BF16 if bf16 else PARTS) * _at_once(loaded, tape, rows))
        ordered = sorted(numbers, key=lambda number: -(cells[number].site.layer or 0))
        for start in range(0, len(ordered), most):
            chosen = tuple(ordered[start : start + most])
            depths = [loaded.info.n_layers - (cells[number].site.layer or 0) for number in chosen]
            steps = max(depths) if tape.in_batches else sum(depths)
            made.append(CellBatch(chosen, rows, sum(depths), steps, cells[chosen[0]]))
    return made


def estimated_seconds(
    loaded: LoadedModel,
    tape: Tape,
    batches: Sequence[CellBatch],
    *,
    bf16: bool = False,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Return about how long batches are going to take, from timing a layer, what goes with it, and an unembedding.

    The narrowest, the widest and a middling batch are timed as the engine runs them; what others take lies between.
    """
    timing = _Timing(loaded, tape, clock, bf16=bf16)
    widths = {batch.rows: batch for batch in batches}
    rows = sorted(widths)
    timed = [rows[place] for place in sorted({0, len(rows) // 2, len(rows) - 1})] if rows else []
    known = np.array([timing.layer(widths[each]) for each in timed])
    found = 0.0
    for batch in batches:
        per_cell, per_step = (float(np.interp(batch.rows, timed, known[:, which])) for which in (0, 1))
        found += batch.layers * per_cell + batch.steps * per_step
    cells = sum(len(batch.cells) for batch in batches)
    return found + cells * timing.answer(min(64, cells)) if cells and loaded.head is not None else found


class _Timing:
    """Runs parts of a sweep by the clock."""

    def __init__(self, loaded: LoadedModel, tape: Tape, clock: Callable[[], float], *, bf16: bool) -> None:
        self._loaded = loaded
        self._tape = tape
        self._clock = clock
        self._bf16 = bf16

    def layer(self, batch: CellBatch) -> tuple[float, float]:
        """Return the seconds of one layer for each cell, and beside these for each step down of a whole wave."""
        loaded, tape = self._loaded, self._tape
        middle = loaded.info.n_layers // 2
        at_once = min(len(batch.cells), _at_once(loaded, tape, batch.rows))
        rows = tuple(range(len(tape.ids) - batch.rows, len(tape.ids)))
        hidden = tape.residuals[middle, list(rows)]
        fast = fast_products([loaded.blocks[middle]], at_once * batch.rows, bf16=self._bf16, unseen=True)
        with running(loaded, tape, written_out=not self._bf16) as again, fast:
            alone = self._second(lambda: again.layer(middle, hidden[None], rows))
            together = self._shortest(lambda: again.layer(middle, hidden.expand(at_once, -1, -1), rows))
        # One cell in the last layer: an incision, what it changes, and the layer for it and for the clean run.
        last = replace(batch.example.site, layer=loaded.info.n_layers - 1)
        cell = replace(batch.example, site=last, operation="silence", params=())
        nothing = Wanted(None, None, None, ())
        step = self._second(lambda: list(sweep(loaded, tape, [cell], [NOTHING], nothing, CancelToken())))
        return together / at_once, max(step - alone, 0.0)

    def answer(self, count: int) -> float:
        """Return the seconds of a prediction, where so many are made at once."""
        import torch

        last = self._tape.residuals[-1, -1].expand(count, -1)
        with torch.inference_mode():
            return self._second(lambda: answer_of(self._loaded, last).float().log_softmax(dim=-1)) / count

    def _second(self, work: Callable[[], object]) -> float:
        """Return the shortest time in seconds after the first: what is set up only once does not count."""
        work()
        return self._shortest(work)

    def _shortest(self, work: Callable[[], object]) -> float:
        took: list[float] = []
        while len(took) < MOST_TIMES and sum(took) < LONG_ENOUGH:
            _settle(self._loaded)
            started = self._clock()
            work()
            _settle(self._loaded)
            took.append(self._clock() - started)
        return min(took)


def _at_once(loaded: LoadedModel, tape: Tape, rows: int) -> int:
    """Return how many cells, each of so many rows, go through a layer in one piece."""
    return batch_sizes(loaded.info, len(tape.ids), rows).product if tape.in_batches else 1


def _settle(loaded: LoadedModel) -> None:
    """Wait for a device that works beside the processor."""
    if loaded.info.device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(loaded.info.device)
