"""What a sweep costs: how its cells go through the engine in batches, and how long these take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.runs.batch_sizes import batch_sizes
from core.runs.restart import first_rows
from core.runs.tape import running
from core.runs.trace import answer_of

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from core.runs.tape import Tape

# Fewer would make the clean run, which goes along in every batch, a large part of it.
FEWEST_CELLS = 16


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
    """

    cells: tuple[int, ...]
    rows: int
    layers: int

    @property
    def work(self) -> int:
        """Tokens times layers: what its time grows with."""
        return self.rows * self.layers


def batches_of(
    loaded: LoadedModel, tape: Tape, cells: Sequence[ResolvedIncision], left: Sequence[int]
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
        most = max(FEWEST_CELLS, _at_once(loaded, tape, rows))
        ordered = sorted(numbers, key=lambda number: -(cells[number].site.layer or 0))
        for start in range(0, len(ordered), most):
            chosen = tuple(ordered[start : start + most])
            layers = sum(loaded.info.n_layers - (cells[number].site.layer or 0) for number in chosen)
            made.append(CellBatch(chosen, rows, layers))
    return made


def estimated_seconds(loaded: LoadedModel, tape: Tape, batches: Sequence[CellBatch]) -> float:
    """Return about how long batches are going to take, from timing one layer and one unembedding.

    Every width of batch is timed on its own, in the middle of the model, as the engine runs it.
    """
    import torch

    found = 0.0
    seconds_per_layer: dict[int, float] = {}
    middle = loaded.info.n_layers // 2
    for batch in batches:
        if batch.rows not in seconds_per_layer:
            at_once = min(len(batch.cells), _at_once(loaded, tape, batch.rows))
            rows = tuple(range(len(tape.ids) - batch.rows, len(tape.ids)))
            hidden = tape.residuals[middle, list(rows)]
            with running(loaded, tape) as again:
                again.layer(middle, hidden[None], rows)  # what is set up only once does not count
                started = time.perf_counter()
                again.layer(middle, hidden.expand(at_once, -1, -1), rows)
                _settle(loaded)
                seconds_per_layer[batch.rows] = (time.perf_counter() - started) / at_once
        found += batch.layers * seconds_per_layer[batch.rows]
    if loaded.head is not None:
        count = min(64, sum(len(batch.cells) for batch in batches))
        with torch.inference_mode():
            started = time.perf_counter()
            answer_of(loaded, tape.residuals[-1, -1].expand(count, -1)).float().log_softmax(dim=-1)
            _settle(loaded)
        found += sum(len(batch.cells) for batch in batches) * (time.perf_counter() - started) / max(count, 1)
    return found


def _at_once(loaded: LoadedModel, tape: Tape, rows: int) -> int:
    """Return how many cells, each of so many rows, go through a layer in one piece."""
    return batch_sizes(loaded.info, len(tape.ids), rows).product if tape.in_batches else 1


def _settle(loaded: LoadedModel) -> None:
    """Wait for a device that works beside the processor."""
    if loaded.info.device.startswith("cuda"):
        import torch

        torch.cuda.synchronize()
