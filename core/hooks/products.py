"""Faster matrix products in place of a block's own, for the time of a ``with`` block.

torch multiplies in float32 on a CPU with the library that it was built with, MKL as a rule, and that
one keeps to older instructions on processors of other makers than its own, and is slow with a handful
of rows. oneDNN comes along with torch and uses what the processor has. Which is quicker is measured.
The numbers are the same but for rounding.

A product is linear: of many runs that go along with a clean one, it is enough to multiply what they
differ by. In bf16 that is rounded in proportion to the difference, not to the whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import cycle
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

# Up to so few rows a product takes as long as its weight takes to be read; from so many on it pays to lay a
# weight out as the processor likes it best. What is quickest differs from one to the other.
FEW_ROWS, MANY_ROWS = 24, 512
# How many rows stand for few, some and many, how often they are tried, and with how many bytes of weights.
FEW_BYTES = 64 * 2**20
TRIED = {"few": (5, 9, FEW_BYTES), "some": (64, 25, 1), "many": (512, 7, 1)}
# A way that is hardly quicker is not worth what it takes to prepare it.
WORTH_IT = 0.95
# An approximation has to be worth it, and the cells that are run again to check it take their time too.
CLEARLY = 0.7
# What pays at this width pays at all greater ones, and those take long to try.
WIDEST = 768
Forward = Callable[["Tensor"], "Tensor"]


@contextmanager
def fast_products(parts: Iterable[Module], rows: int, *, bf16: bool = False) -> Iterator[None]:
    """Let the modules below some parts compute faster where that is known to be faster here.

    Parameters
    ----------
    parts : iterable of Module
        Blocks, or what makes the logits. Only what is in float32 on a CPU is touched.
    rows : int
        How many rows will go through each of them in all.
    bf16 : bool
        Whether to multiply in bf16 what [scenario, row, width] differs by from the first scenario.
    """
    put_on: list[Module] = []
    try:
        for part in parts:
            for module in part.modules():
                if "forward" in module.__dict__:  # others may have put theirs on
                    continue
                if (forward := _forward_of(module, rows, bf16=bf16)) is not None:
                    module.forward = forward
                    put_on.append(module)
        yield
    finally:
        for module in put_on:
            del module.forward


def _forward_of(module: Module, rows: int, *, bf16: bool) -> Forward | None:
    """Return the faster way of a module of a known kind."""
    import torch
    from transformers.activations import NewGELUActivation

    kind, held = type(module), cast("Any", module)
    if kind is NewGELUActivation:
        # The same formula in one pass over the neurons, where the library's takes eight.
        return lambda x: torch.nn.functional.gelu(x, approximate="tanh") if _is_plain(x) else kind.forward(module, x)
    if not _multiplies(module):
        return None
    weight, bias = held.weight if kind is torch.nn.Linear else held.weight.t(), held.bias
    return _OfDifferences(weight, bias) if bf16 else _quick_product(weight, bias, rows)


def _quick_product(weight: Tensor, bias: Tensor | None, rows: int) -> Forward | None:
    """Return a quicker product of so many rows with a weight [out, in] than torch's own, if there is one."""
    if rows >= MANY_ROWS:
        return packed_product(weight, bias) if _pays("many") else None
    # By this library a weight that stands in memory the other way round would be turned first.
    if weight.is_contiguous() and (_few_pay(weight) if rows <= FEW_ROWS else _pays("some")):
        return lambda x: _product(x, weight, bias)
    return None


def _few_pay(weight: Tensor) -> bool:
    """Return whether oneDNN is quicker with few rows and a weight [out, in]."""
    n_out, n_in = weight.shape
    # Past the caches the number of outputs no longer matters: a vocabulary's weight need not be made to try it.
    return _pays("few", min(n_out, max(1, FEW_BYTES // (4 * n_in) // 2)), n_in)


def _multiplies(module: Module) -> bool:
    """Return whether a module is a product with a weight in float32 on a CPU, and nothing else."""
    import torch
    from transformers.pytorch_utils import Conv1D

    return type(module) in (torch.nn.Linear, Conv1D) and _is_plain(cast("Any", module).weight)


class _OfDifferences:
    """The product with one weight [out, in]: of the first scenario in float32, of what others differ by in bf16."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        import torch

        self._weight = weight
        self._in_float32 = _quick_product(weight, bias, FEW_ROWS) or (
            lambda x: torch.nn.functional.linear(x, weight, bias)
        )
        self._short: Tensor | None = None
        self._clean: Tensor | None = None
        self._product: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        import torch

        if x.dim() != 3 or len(x) == 1 or not _is_plain(x):
            return self._in_float32(x)
        clean = x[:1]
        # The clean run goes along in every part of a layer's scenarios.
        if self._clean is None or not torch.equal(self._clean, clean):
            self._clean, self._product = clean.clone(), self._in_float32(clean)
        if self._short is None:
            self._short = self._weight.bfloat16()
        return self._product + torch.nn.functional.linear((x - clean).bfloat16(), self._short)


def _is_plain(x: Tensor) -> bool:
    import torch

    return x.dtype == torch.float32 and x.device.type == "cpu"


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    import torch

    found: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return found


def packed_product(weight: Tensor, bias: Tensor | None) -> Forward:
    """Return oneDNN's product with a weight [out, in] laid out once as the processor likes it best."""
    import torch

    packed = torch.ops.mkldnn._reorder_linear_weight(weight, MANY_ROWS)
    return lambda x: _product(x, packed, bias)


@cache
def has_onednn() -> bool:
    """Return whether oneDNN is there, and right."""
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    x, weight, bias = _drawn(64)
    with torch.inference_mode():
        try:
            ways = _product(x, weight, bias), packed_product(weight, bias)(x)
        except (AttributeError, RuntimeError):
            return False
        usual = torch.nn.functional.linear(x, weight, bias)
        return all(bool((found - usual).abs().max() < 1e-3) for found in ways)


@cache
def _pays(amount: str, n_out: int = 2 * WIDEST, n_in: int = WIDEST) -> bool:
    """Return whether oneDNN is quicker with few, some or many rows; measured once for each, in some 50 ms."""
    import torch

    if not has_onednn():
        return False
    rows, rounds, n_bytes = TRIED[amount]
    x, weight, bias = _drawn(rows, n_out, n_in)
    # One weight after the other, as in a model: what was multiplied with just before is read faster.
    weights = [weight.clone() for _ in range(max(1, n_bytes // weight.nbytes))]
    with torch.inference_mode():
        ours = packed_product if amount == "many" else lambda weight, bias: partial(_product, weight=weight, bias=bias)
        usual = partial(torch.nn.functional.linear, bias=bias)
        # Nor is one the other way's, which has just been read.
        half = len(weights) // 2
        others = weights[half:] + weights[:half]
        ways = cycle([ours(each, bias) for each in weights]), cycle([partial(usual, weight=each) for each in others])
        took = _quickest(*(lambda way=way: next(way)(x) for way in ways), rounds=rounds)
    return took[0] < WORTH_IT * took[1]


def _drawn(rows: int, n_out: int = 2 * WIDEST, n_in: int = WIDEST) -> tuple[Tensor, Tensor, Tensor]:
    import torch

    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.rand(size, n_in, generator=generator) for size in (rows, n_out))
    return x, weight, torch.zeros(n_out)


def why_not_bf16(parts: Iterable[Module]) -> str:
    """Return why products of differences in bf16 are no help in some parts; empty where they are one."""
    found = [cast("Any", module) for part in parts for module in part.modules() if _multiplies(module)]
    if not found:
        return "The model has no plain products in float32 on the processor."
    width = max(min(module.weight.shape) for module in found)
    pays = _bf16_pays(min(width, WIDEST))
    return "" if pays else "This processor multiplies no faster in bf16 at this model's width."


@cache
def _bf16_pays(width: int) -> bool:
    """Return whether differences in bf16 are clearly faster at a width; measured once for each, in some 50 ms."""
    import torch

    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.randn(*size, width, generator=generator) for size in ((26, 5), (2 * width,)))
    bias = torch.zeros(2 * width)
    quick = _quick_product(weight, bias, MANY_ROWS) or _quick_product(weight, bias, len(x) * x.shape[1])
    exact = quick or (lambda x: torch.nn.functional.linear(x, weight, bias))
    differences, threads = _OfDifferences(weight, bias), torch.get_num_threads()
    # Threads that wait for one another on a busy machine would tell nothing.
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            differences(x)
            took = _quickest(lambda: exact(x), lambda: differences(x))
    finally:
        torch.set_num_threads(threads)
    return took[1] < CLEARLY * took[0]


def _quickest(*calls: Callable[[], Any], rounds: int = 25) -> list[float]:
    """Return the shortest time of each call in seconds; they take turns, often enough to find the processor free."""
    took = [float("inf")] * len(calls)
    for _ in range(rounds):
        for number, call in enumerate(calls):
            started = time.perf_counter()
            call()
            took[number] = min(took[number], time.perf_counter() - started)
    return took
