"""Corrections of p-values for many comparisons.

Each takes p-values and returns the corrected ones, in the same order. There may have been more
comparisons than p-values: the others count as having found nothing. A NaN is no p-value and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def bonferroni(p: Sequence[float], comparisons: int | None = None) -> NDArray[np.float64]:
    """Return p times the number of comparisons, at most 1 (Dunn 1961)."""
    return _corrected(p, comparisons, lambda known, count: np.minimum(known * count, 1.0))


def holm(p: Sequence[float], comparisons: int | None = None) -> NDArray[np.float64]:
    """Return p-values corrected step by step, the smallest first (Holm 1979)."""
    return _corrected(p, comparisons, _holm)


def benjamini_hochberg(p: Sequence[float], comparisons: int | None = None) -> NDArray[np.float64]:
    """Return p-values corrected for the false discovery rate (Benjamini and Hochberg 1995)."""
    return _corrected(p, comparisons, _benjamini_hochberg)


def _holm(known: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    order = np.argsort(known)
    steps = known[order] * (count - np.arange(len(known)))
    found = np.empty_like(known)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def _benjamini_hochberg(known: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    from scipy import stats

    padded = np.concatenate([known, np.ones(count - len(known))])
    found: NDArray[np.float64] = stats.false_discovery_control(padded)[: len(known)]
    return found


def _corrected(
    p: Sequence[float],
    comparisons: int | None,
    how: Callable[[NDArray[np.float64], int], NDArray[np.float64]],
) -> NDArray[np.float64]:
    found = np.array(p, dtype=np.float64)
    is_known = ~np.isnan(found)
    if not is_known.any():
        return found
    least = int(is_known.sum())
    count = least if comparisons is None else comparisons
    if count < least:
        raise ValueError(f"{least} p-values of {count} comparisons")
    found[is_known] = how(found[is_known], count)
    return found
