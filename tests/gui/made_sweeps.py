"""Sweeps built by hand, for maps to draw."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.readings.values import Pair
from core.runs.request import ResolvedIncision
from core.runs.sweep_request import Axis, SweepRequest
from core.runs.sweep_result import SweepPart, SweepResult
from core.sites.site import Site
from tests.gui.made_results import PAIRS, model_info, result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.sites.hook_point import HookPoint  # noqa: F401

LAST = 7


def axis(name: str, values: Sequence[float], labels: Sequence[str] = ()) -> Axis:
    """Return an axis; without labels the values are their own."""
    return Axis(name, tuple(values), tuple(labels) or tuple(f"{value:g}" for value in values))  # type: ignore[arg-type]


def sweep_request(
    n_layers: int = 5, n_heads: int = 4, *, operation: str = "silence", pairs: tuple[str, ...] = PAIRS
) -> SweepRequest:
    """Return the request of a sweep over all heads at the last token."""
    cells = tuple(
        ResolvedIncision(0, Site("z", layer, head), (LAST,), operation, ())
        for layer in range(n_layers)
        for head in range(n_heads)
    )
    made = result(n_layers, pairs=pairs)
    return SweepRequest(
        model=made.request.model,
        ids=made.request.ids,
        cells=cells,
        axes=(
            axis("layer", range(n_layers)),
            axis("head", range(n_heads)),
            axis("token", (LAST,), (made.tokens.items[LAST].text,)),
        ),
        read_position=LAST,
        target=3,
        pairs=made.request.pairs,
    )


def empty_sweep(request: SweepRequest | None = None, *, versus: bool = False) -> SweepResult:
    """Return a sweep of which nothing is done."""
    request = sweep_request() if request is None else request
    n_layers = 1 + max(cell.site.layer or 0 for cell in request.cells)
    made = result(n_layers, pairs=tuple(pair.label for pair in request.pairs))
    none = np.full(len(request.cells), np.nan)
    return SweepResult(
        request=request,
        model=model_info(n_layers),
        tokens=made.tokens,
        target=3,
        versus=4 if versus else None,
        target_text=made.target_text,
        versus_text=" the" if versus else None,
        clean=made.clean,
        done=np.zeros(len(request.cells), dtype=bool),
        log_prob=none,
        d_log_prob=none,
        logit_difference=none if versus else None,
        d_logit_difference=none if versus else None,
        kl=none,
        cosine=np.full((len(request.cells), len(request.pairs), n_layers + 1), np.nan),
    )


def part(sweep: SweepResult, cells: Sequence[int], seed: int = 0, wide: float = 1.0) -> SweepPart:
    """Return cells that are done, with numbers that differ from each other."""
    rng = np.random.default_rng(seed)
    every = rng.normal(0, wide, len(sweep.done)) ** 3
    moved = every[list(cells)]
    clean = sweep.clean_cosine[None]
    cosine = clean + 0.1 * rng.normal(0, 1, (len(sweep.done), *clean.shape[1:]))[list(cells)]
    apart = sweep.logit_difference is not None
    return SweepPart(
        tuple(cells),
        -2 + moved,
        moved,
        moved / 2 if apart else None,
        moved / 2 if apart else None,
        np.abs(moved) / 3,
        cosine,
    )


def finished(request: SweepRequest | None = None, seed: int = 0, *, versus: bool = False) -> SweepResult:
    """Return a sweep of which all is done."""
    sweep = empty_sweep(request, versus=versus)
    return sweep.with_part(part(sweep, range(len(sweep.done)), seed))


def half(request: SweepRequest | None = None) -> SweepResult:
    """Return a sweep of which the second half is done."""
    sweep = empty_sweep(request)
    return sweep.with_part(part(sweep, range(len(sweep.done) // 2, len(sweep.done))))


def screened(sweep: SweepResult, seed: int = 1) -> SweepResult:
    """Return estimates of a sweep's cells."""
    empty = empty_sweep(sweep.request)
    found = part(empty, range(len(empty.done)))
    noise = np.random.default_rng(seed).normal(0, 0.05, len(empty.done))
    assert found.d_log_prob is not None
    return replace(empty, request=replace(sweep.request, method="screen")).with_part(
        replace(found, d_log_prob=found.d_log_prob + noise, kl=np.full(len(empty.done), np.nan))
    )


def pair(label: str) -> Pair:
    """Return a pair of tokens."""
    return Pair(label, 4, 6)
