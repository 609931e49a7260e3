"""Products of many runs that go along with a clean one, in bf16.

A product is linear: it is enough to multiply what the runs differ by from the clean one. In bf16 that is
rounded in proportion to the difference, not to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from core.hooks.product_ways import FEW_ROWS, MANY_ROWS, WIDEST, Forward, quick_product, quickest

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

# An approximation has to be worth it, and the cells that are run again to check it take their time too.
CLEARLY = 0.7


class OfDifferences:
    """The product with one weight [out, in]: of the first scenario in float32, of what others differ by in bf16."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight = weight
        self._in_float32 = _in_float32(weight, bias, FEW_ROWS)
        self._short: Tensor | None = None
        self._clean: Tensor | None = None
        self._product: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return the product of scenarios [scenario, row, in], the clean one first."""
        import torch

        if x.dim() != 3 or len(x) == 1 or not is_plain(x):
            return self._in_float32(x)
        clean = x[:1]
        # The clean run goes along in every part of a layer's scenarios.
        if self._clean is None or not torch.equal(self._clean, clean):
            self._clean, self._product = clean.clone(), self._in_float32(clean)
        if self._short is None:
            self._short = self._weight.bfloat16()
        # A scenario as one row, and in place: by rows, or of two formats at once, it takes twice as long.
        differences = (x.flatten(1) - clean.flatten(1)).bfloat16().view(x.shape)
        return torch.nn.functional.linear(differences, self._short).float().add_(self._product)


def why_not_bf16(parts: Iterable[Module]) -> str:
    """Return why products of differences in bf16 are no help in some parts; empty where they are one."""
    found = [cast("Any", module) for part in parts for module in part.modules() if multiplies(module)]
    if not found:
        return "The model has no plain products in float32 on the processor."
    width = max(min(module.weight.shape) for module in found)
    pays = _pays(min(width, WIDEST))
    return "" if pays else "This processor multiplies no faster in bf16 at this model's width."


def multiplies(module: Module) -> bool:
    """Return whether a module is a product with a weight in float32 on a CPU, and nothing else."""
    import torch
    from transformers.pytorch_utils import Conv1D

    return type(module) in (torch.nn.Linear, Conv1D) and is_plain(cast("Any", module).weight)


def is_plain(x: Tensor) -> bool:
    """Return whether a tensor is in float32 on a CPU."""
    import torch

    return x.dtype == torch.float32 and x.device.type == "cpu"


def _in_float32(weight: Tensor, bias: Tensor | None, rows: int) -> Forward:
    import torch

    return quick_product(weight, bias, rows) or (lambda x: torch.nn.functional.linear(x, weight, bias))


@cache
def _pays(width: int) -> bool:
    """Return whether differences in bf16 are clearly faster at a width; measured once for each, in some 50 ms."""
    import torch

    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(*size, width, generator=generator) for size in ((26, 5), (2 * width,)))
    bias = torch.zeros(2 * width)
    quick = quick_product(weight, bias, MANY_ROWS) or _in_float32(weight, bias, len(x) * x.shape[1])
    differences, threads = OfDifferences(weight, bias), torch.get_num_threads()
    # Threads that wait for one another on a busy machine would tell nothing.
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            differences(x)
            took = quickest(lambda: quick(x), lambda: differences(x))
    finally:
        torch.set_num_threads(threads)
    return took[1] < CLEARLY * took[0]
