"""Ways to multiply with a weight on a processor in float32, and which is quickest here for how many rows.

torch multiplies with the library that it was built with, MKL as a rule. That one keeps to older
instructions on processors of other makers than its own, and with a handful of rows it takes twice as long
as the weight takes to be read. oneDNN comes along with torch and uses what the processor has. Which way is
quicker is measured. The numbers are the same but for rounding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

Forward = Callable[["Tensor"], "Tensor"]
Way = Callable[["Tensor", "Tensor", "Tensor | None"], "Tensor"]
# From so many rows on it pays to lay a weight out as the processor likes it best.
MANY_ROWS = 512
# Up to how many rows it is tried with how many, and the ways, torch's own as None, that are taken if nothing is
# clearly quicker. Up to few rows a product takes as long as its weight takes to be read, and what is quickest differs
# from one weight to the other.
TRIED: tuple[tuple[int, int, tuple[str | None, ...]], ...] = (
    (2, 1, (None, "oneDNN", "in pieces")),
    (6, 5, ("in pieces", "oneDNN", None)),
    (12, 10, ("in pieces", "oneDNN", None)),
    (24, 20, (None, "oneDNN", "in pieces")),
    (MANY_ROWS - 1, 64, (None, "oneDNN")),
)
FEW_ROWS = 24
ROUNDS = 15
# A weight that is smaller stays in the caches, where all ways take about as long: less than it takes to try them.
LEAST_BYTES = 2 * 2**20
# So many weights take turns, as in a model, up to so many bytes: what was read just before is read faster.
WEIGHTS, MOST_BYTES = 24, 64 * 2**20
# A weight that is hardly quicker when it is laid out is not worth what that takes.
WORTH_IT = 0.95
# Where a machine is busy, two ways that are as quick as each other can seem to differ by so much.
CLEARLY = 0.9
# What pays at this width pays at all greater ones, and those take long to try.
WIDEST = 768
# Of a product in pieces: how many outputs each has. The library takes a batch of small products one by one,
# each of them out of the cache, and lays nothing out anew beforehand.
PIECE = 32


def product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return oneDNN's product of [.., in] with a weight [out, in] that stands in memory as it is written."""
    return _pointwise(x, weight, bias, "none", "")


def in_pieces(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return the product of [.., in] with a weight [out, in], made of many that are small."""
    import torch

    n_out, n_in = weight.shape
    pieces = n_out // PIECE
    whole, rows = pieces * PIECE, x.reshape(-1, n_in)
    weights, each = weight[:whole].view(pieces, PIECE, n_in).transpose(1, 2), rows.expand(pieces, -1, -1)
    if bias is None:
        made = torch.bmm(each, weights)
    else:
        made = torch.baddbmm(bias[:whole].view(pieces, 1, PIECE), each, weights)
    found = made.transpose(0, 1).reshape(len(rows), whole)
    if whole < n_out:
        rest = torch.nn.functional.linear(rows, weight[whole:], None if bias is None else bias[whole:])
        found = torch.cat([found, rest], dim=-1)
    return found.view(*x.shape[:-1], n_out)


def packed_product(weight: Tensor, bias: Tensor | None) -> Forward:
    """Return oneDNN's product with a weight [out, in] laid out once as the processor likes it best."""
    packed = _packed(weight)
    return lambda x: _pointwise(x, packed, bias, "none", "")


def packed_gelu(weight: Tensor, bias: Tensor | None) -> Forward:
    """Return such a product and the GELU of it, by its formula with tanh, in one pass."""
    packed = _packed(weight)
    return lambda x: _pointwise(x, packed, bias, "gelu", "tanh")


WAYS: dict[str, Way] = {"oneDNN": product, "in pieces": in_pieces}


def quick_product(weight: Tensor, bias: Tensor | None, rows: int) -> Forward | None:
    """Return a quicker product of so many rows with a weight [out, in] than torch's own, if there is one."""
    if rows >= MANY_ROWS:
        return packed_product(weight, bias) if packing_pays() else None
    # By these a weight that stands in memory the other way round would be turned first.
    if not weight.is_contiguous() or (rows <= FEW_ROWS and weight.nbytes < LEAST_BYTES):
        return None
    tried, ways = next((tried, ways) for most, tried, ways in TRIED if rows <= most)
    n_out, n_in = weight.shape if rows <= FEW_ROWS else (2 * WIDEST, WIDEST)
    # Past the caches the number of outputs no longer matters: a vocabulary's weight need not be made to try it.
    way = quickest_way(ways, tried, min(n_out, max(PIECE, MOST_BYTES // (4 * n_in) // 2)), n_in)
    return None if way is None else lambda x: WAYS[way](x, weight, bias)


@cache
def quickest_way(ways: tuple[str | None, ...], rows: int, n_out: int, n_in: int) -> str | None:
    """Return the first of some ways that no other is clearly quicker than, with so many rows.

    Measured once for each, in some 50 ms, several times that for the widest weights.
    """
    import torch

    ways = tuple(way for way in ways if way != "oneDNN" or has_onednn())
    x, bias = torch.full((rows, n_in), 0.5), torch.zeros(n_out)
    count = max(2, min(WEIGHTS, MOST_BYTES // (4 * n_out * n_in)))
    weights = cycle(torch.full((count, n_out, n_in), 0.5))
    calls: list[Way] = [torch.nn.functional.linear if way is None else WAYS[way] for way in ways]
    with torch.inference_mode():
        took = quickest(*(partial(_with_the_next, way, x, weights, bias) for way in calls), rounds=ROUNDS)
    return next(way for way, each in zip(ways, took, strict=True) if CLEARLY * each <= min(took))


def _with_the_next(way: Way, x: Tensor, weights: Iterator[Tensor], bias: Tensor) -> Tensor:
    return way(x, next(weights), bias)


@cache
def packing_pays(*, activated: bool = False) -> bool:
    """Return whether a weight that is laid out is quicker with many rows, or with a GELU behind it; measured once."""
    import torch

    if not has_onednn():
        return False
    x, weight, bias = _drawn(MANY_ROWS)
    packed = (packed_gelu if activated else packed_product)(weight, bias)

    def usual() -> Tensor:
        made = torch.nn.functional.linear(x, weight, bias)
        return torch.nn.functional.gelu(made, approximate="tanh") if activated else made

    with torch.inference_mode():
        try:
            if not _are_close(packed(x), usual()):
                return False
        except RuntimeError:
            return False
        took = quickest(lambda: packed(x), usual, rounds=7)
    return took[0] < WORTH_IT * took[1]


def _are_close(made: Tensor, wanted: Tensor) -> bool:
    return bool((made - wanted).abs().max() < 1e-3)


@cache
def has_onednn() -> bool:
    """Return whether oneDNN is there, and right."""
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    x, weight, bias = _drawn(64)
    with torch.inference_mode():
        usual = torch.nn.functional.linear(x, weight, bias)
        try:
            found = product(x, weight, bias), packed_product(weight, bias)(x)
        except (AttributeError, RuntimeError):
            return False
        return all(_are_close(each, usual) for each in found)


def quickest(*calls: Callable[[], Any], rounds: int = 25) -> list[float]:
    """Return the shortest time of each call in seconds; they take turns, often enough to find the processor free."""
    took = [float("inf")] * len(calls)
    for _ in range(rounds):
        for number, call in enumerate(calls):
            started = time.perf_counter()
            call()
            took[number] = min(took[number], time.perf_counter() - started)
    return took


def _pointwise(x: Tensor, weight: Tensor, bias: Tensor | None, activation: str, formula: str) -> Tensor:
    import torch

    found: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, activation, [], formula)
    return found


def _packed(weight: Tensor) -> Tensor:
    import torch

    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, MANY_ROWS)
    return packed


def _drawn(rows: int) -> tuple[Tensor, Tensor, Tensor]:
    import torch

    generator = torch.Generator().manual_seed(0)
    x, weight = (torch.rand(size, WIDEST, generator=generator) - 0.5 for size in (rows, 2 * WIDEST))
    return x, weight, torch.zeros(2 * WIDEST)
