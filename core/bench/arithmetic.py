"""How much there is to compute at least, and how fast this machine multiplies at best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.bench.clock import seconds
from core.hooks.product_ways import has_onednn, packed_product

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from core.bench.ways import Cell, Task

ROWS = 1024
# A GPU is not busy with less; what one call takes is too short to be timed alone.
ROWS_ON_GPU = 8192
CALLS_ON_GPU = 20


def needed_flops(task: Task, cells: list[Cell]) -> float:
    """Return the multiplications and additions that cells need at least.

    Counted are the weights of the layers above the cell's own, for every token that can change, and
    one row of the vocabulary product; not the cell's own layer, the attention's scores, nor any norm.
    """
    loaded = task.loaded
    info = loaded.info
    per_row = 2 * sum(weight.numel() for weight in loaded.blocks[0].parameters() if weight.dim() > 1)
    rows = len(task.ids) - (task.position if info.objective == "causal" else 0)
    layers = sum(info.n_layers - 1 - layer for layer, _ in cells)
    return float(layers * rows * per_row + len(cells) * 2 * info.d_model * info.vocab_size)


def product_rates(width: int, device: str = "cpu", dtype: str = "float32", tries: int = 5) -> dict[str, float]:
    """Return what products reach on a device in a number format, in FLOP/s.

    ``torch`` is [rows, width] x [width, 4 width], by the library torch multiplies with by itself, of 1024
    rows on the processor and 8192 elsewhere. ``oneDNN`` is the same by that library, where torch has it;
    ``square`` is [8192, 8192] x [8192, 8192], for devices that a model's own width does not fill.
    """
    import torch

    on_processor, kind = device == "cpu", getattr(torch, dtype)
    rows, calls = (ROWS, 1) if on_processor else (ROWS_ON_GPU, CALLS_ON_GPU)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, device=device, dtype=kind)

    x, weight, bias = drawn(rows, width), drawn(4 * width, width), drawn(4 * width)
    ways: dict[str, tuple[Callable[[], Tensor], float]] = {
        "torch": (lambda: torch.nn.functional.linear(x, weight, bias), 2.0 * x.numel() * 4 * width)
    }
    with torch.inference_mode():
        if on_processor and dtype == "float32" and has_onednn():
            packed = packed_product(weight, bias)
            ways["oneDNN"] = (lambda: packed(x), ways["torch"][1])
        if not on_processor:
            square = drawn(rows, rows)
            ways["square"] = (lambda: square @ square, 2.0 * rows**3)
        rates = dict.fromkeys(ways, 0.0)
        for _ in range(tries):
            for name, (multiply, flops) in ways.items():
                took = seconds(lambda multiply=multiply: [multiply() for _ in range(calls)])  # type: ignore[misc]
                rates[name] = max(rates[name], calls * flops / took)
    return rates
