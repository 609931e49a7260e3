"""Faster matrix products in place of a block's own, for the time of a ``with`` block.

torch multiplies in float32 on a CPU with the library that it was built with, MKL as a rule, and that
one keeps to older instructions on processors of other makers than its own. oneDNN comes along with
torch and uses what the processor has. The numbers are the same but for rounding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

# From so many rows on it pays to lay a weight out as the processor likes it best.
MANY_ROWS = 512
Forward = Callable[["Tensor"], "Tensor"]


@contextmanager
def fast_products(parts: Iterable[Module], rows: int) -> Iterator[None]:
    """Let the modules below some parts compute faster where that is known to be faster here.

    Parameters
    ----------
    parts : iterable of Module
        Blocks, or what makes the logits. Only what is in float32 on a CPU is touched.
    rows : int
        How many rows will go through each of them in all.
    """
    put_on: list[Module] = []
    try:
        for part in parts if _pays() else ():
            for module in part.modules():
                if "forward" in module.__dict__:  # others may have put theirs on
                    continue
                if (forward := _forward_of(module, rows)) is not None:
                    module.forward = forward
                    put_on.append(module)
        yield
    finally:
        for module in put_on:
            del module.forward


def _forward_of(module: Module, rows: int) -> Forward | None:
    """Return the faster way of a module of a known kind."""
    import torch
    from transformers.activations import NewGELUActivation
    from transformers.pytorch_utils import Conv1D

    kind, held = type(module), cast("Any", module)
    if kind is NewGELUActivation:
        # The same formula in one pass over the neurons, where the library's takes eight.
        return lambda x: torch.nn.functional.gelu(x, approximate="tanh") if _is_plain(x) else kind.forward(module, x)
    if kind not in (torch.nn.Linear, Conv1D) or not _is_plain(held.weight):
        return None
    weight, bias = held.weight, held.bias
    if kind is Conv1D:
        weight = weight.t()
    if rows >= MANY_ROWS:
        weight = torch.ops.mkldnn._reorder_linear_weight(weight, MANY_ROWS)
    return lambda x: _product(x, weight, bias)


def _is_plain(x: Tensor) -> bool:
    import torch

    return x.dtype == torch.float32 and x.device.type == "cpu"


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    import torch

    found: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return found


def packed_product(weight: Tensor, bias: Tensor) -> Forward | None:
    """Return the product with a weight [out, in] laid out once as the processor likes it best; None without oneDNN."""
    import torch

    if not _pays():
        return None
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, MANY_ROWS)
    return lambda x: _product(x, packed, bias)


@cache
def _pays() -> bool:
    """Return whether oneDNN is there, right, and faster; measured once, in some 50 ms."""
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(size, 768, generator=generator) for size in (64, 1536))
    bias = torch.zeros(1536)
    usual = torch.nn.functional.linear
    with torch.inference_mode():
        try:
            off = (_product(x, weight, bias) - usual(x, weight, bias)).abs().max()
        except (AttributeError, RuntimeError):
            return False
        if not bool(off < 1e-3):
            return False
        took: dict[Any, float] = {_product: float("inf"), usual: float("inf")}
        for _ in range(7):
            for multiply, best in took.items():
                started = time.perf_counter()
                multiply(x, weight, bias)
                took[multiply] = min(best, time.perf_counter() - started)
    return took[_product] < took[usual]
