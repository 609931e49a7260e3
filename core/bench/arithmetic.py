"""How much there is to compute at least, and how fast this machine multiplies at best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.bench.clock import seconds
from core.hooks.products import packed_product

if TYPE_CHECKING:
    from core.bench.ways import Cell, Task

ROWS = 1024


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


def product_rates(width: int, tries: int = 5) -> dict[str, float]:
    """Return what one product [1024, width] x [width, 4 width] reaches, in FLOP/s, by the library that does it.

    ``torch`` is the library torch multiplies with by itself; ``oneDNN`` is there where torch has it.
    """
    import torch

    x, weight = torch.randn(ROWS, width), torch.randn(4 * width, width)
    bias = torch.zeros(4 * width)
    ways = {"torch": lambda: torch.nn.functional.linear(x, weight, bias)}
    with torch.inference_mode():
        if (packed := packed_product(weight, bias)) is not None:
            ways["oneDNN"] = lambda: packed(x)
        rates = dict.fromkeys(ways, 0.0)
        for _ in range(tries):
            for name, multiply in ways.items():
                rates[name] = max(rates[name], 2.0 * x.numel() * 4 * width / seconds(multiply))
    return rates
