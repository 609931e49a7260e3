"""Layers of a run that is repeated on a CUDA device, recorded as graphs.

A layer of few rows takes a GPU less time than the processor takes to tell it what to do, kernel by kernel.
Recorded once, all of a layer is told in one word. Only what gives the very same bits, and sooner, is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.loaded_model import LoadedModel

Run = Callable[["Tensor"], "Tensor"]
# From so many rows on a layer keeps a GPU busy by itself.
MOST_ROWS = 256
TIMES = 3


class Replays:
    """Recorded layers of one kept run.

    A layer is recorded when it is asked for the second time with the same rows; those of other rows are
    let go then. From the first that cannot be recorded, or is not the same, or no sooner done, all is
    run as usual.

    Parameters
    ----------
    record : callable, optional
        Takes the run of a layer and its input, and returns what gives the same again for other inputs.
    """

    def __init__(self, record: Callable[[Run, Tensor], Run] | None = None) -> None:
        self._record = record or _Recorder()
        self._shape: tuple[tuple[int, ...], int] = ((), 0)
        self._asked: set[int] = set()
        self._recorded: dict[int, Run] = {}
        self.given_up = ""

    def run(self, layer: int, rows: tuple[int, ...], run: Run, hidden: Tensor) -> Tensor:
        """Return a layer's output [scenario, row, d_model], from its recording where there is one.

        Parameters
        ----------
        run : callable
            Runs the layer. What it reads beside its input stays where it is, and as it is.
        hidden : Tensor, shape [scenario, row, d_model]
        """
        if self.given_up or hidden.shape[0] * hidden.shape[1] > MOST_ROWS:
            return run(hidden)
        if (shape := (rows, len(hidden))) != self._shape:
            self._shape = shape
            self._asked.clear()
            self._recorded.clear()
        if layer in self._recorded:
            return self._recorded[layer](hidden)
        made = run(hidden)
        if layer not in self._asked:
            self._asked.add(layer)
            return made
        try:
            again = self._record(run, hidden)
            self.given_up = self._why_not(run, again, hidden, made)
        except RuntimeError as error:
            self.given_up = str(error)
        if self.given_up:
            self._recorded.clear()
        else:
            self._recorded[layer] = again
        return made

    def _why_not(self, run: Run, again: Run, hidden: Tensor, made: Tensor) -> str:
        """Return why a recording is of no use; empty where it is of use."""
        import torch

        if not torch.equal(again(hidden), made):
            return "A recorded layer does not give the same bits."
        # One of them stands for all.
        if not self._recorded and _seconds(again, hidden) >= _seconds(run, hidden):
            return "A recorded layer takes as long as one that is not."
        return ""


class _Recorder:
    """Records layers as CUDA graphs, whose intermediate values share their memory."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, run: Run, hidden: Tensor) -> Run:
        """Return the run of a layer as a graph.

        Raises
        ------
        RuntimeError
            If something in it waits for the device, or depends on what is computed.
        """
        import torch

        self._pool = self._pool or torch.cuda.graph_pool_handle()
        graph, given = torch.cuda.CUDAGraph(), hidden.clone()
        # Other threads may go on using the device.
        recording = torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local")
        with torch.cuda.device(hidden.device), recording:
            made = run(given)

        def again(x: Tensor) -> Tensor:
            given.copy_(x)
            graph.replay()
            # What was made stays where it is until the layer is run again; it is held here, so no other writes there.
            return made.clone()

        return again


def replays_of(loaded: LoadedModel) -> Replays | None:
    """Return a place for recorded layers, where the whole model is on one CUDA device; None elsewhere."""
    devices = {weight.device for weight in loaded.network.parameters()}
    return Replays() if len(devices) == 1 and devices.pop().type == "cuda" else None


def _seconds(run: Run, hidden: Tensor) -> float:
    """Return the shortest time of a few, the device waited for."""
    import torch

    def now() -> float:
        if hidden.is_cuda:
            torch.cuda.synchronize(hidden.device)
        return time.perf_counter()

    took = []
    for _ in range(TIMES):
        started = now()
        run(hidden)
        took.append(now() - started)
    return min(took)
