"""The numbers of a sweep that a map can show: one per cell, each the change from the clean run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.runs.sweep_result import SweepResult


@dataclass(frozen=True)
class MapReadout:
    """One number per cell.

    Attributes
    ----------
    key : str
    label : str
    signed : bool
        Whether it can be below zero.
    pair : int or None
        The number of the pair whose similarity it is, which has a value for every depth.
    """

    key: str
    label: str
    signed: bool = True
    pair: int | None = None


def map_readouts(result: SweepResult) -> tuple[MapReadout, ...]:
    """Return what a result has numbers for."""
    found = []
    if result.d_log_prob is not None:
        found.append(MapReadout("d_log_prob", "\N{GREEK CAPITAL LETTER DELTA} log p"))
    if result.d_logit_difference is not None:
        found.append(MapReadout("d_logit_difference", "\N{GREEK CAPITAL LETTER DELTA} logit difference"))
    if result.kl is not None:
        found.append(MapReadout("kl", "KL", signed=False))
    for number, pair in enumerate(result.request.pairs):
        label = f"\N{GREEK CAPITAL LETTER DELTA} cosine {pair.label}"
        found.append(MapReadout(f"cosine {number}", label, pair=number))
    return tuple(found)


def map_values(result: SweepResult, readout: MapReadout, depth: int) -> NDArray[np.float64]:
    """Return a readout of every cell, [cell]; NaN where a cell is not done.

    Parameters
    ----------
    depth : int
        For a similarity: after how many layers, 0 for the embedding.
    """
    if readout.pair is not None:
        changed = result.cosine[:, readout.pair, depth] - result.clean_cosine[readout.pair, depth]
        return np.where(result.done, changed, np.nan)
    values: NDArray[np.float64] | None = getattr(result, readout.key)
    return np.full(len(result.done), np.nan) if values is None else values


def rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Return how well two measures agree about the order of the cells: Spearman's rho, ties at their mean rank.

    Parameters
    ----------
    a, b : ndarray of float, shape [cell]

    Returns
    -------
    float or None
        From -1 to 1; None for fewer than three cells, or where one measure is the same everywhere.
    """
    if len(a) < 3:
        return None
    one, other = (_ranks(each) - (len(a) - 1) / 2 for each in (a, b))
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size > 0 else None


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 0; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: NDArray[np.float64] = ends - (counts + 1) / 2
    return means[inverse]
