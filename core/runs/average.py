"""Several seeds into one figure: the mean, and the band that most of them lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.interventions.ops import OPERATIONS
from core.interventions.plan import sorted_params
from core.readings.values import Curves

if TYPE_CHECKING:
    from core.interventions.plan import ParamValue
    from core.runs.request import ResolvedIncision

BAND = (2.5, 97.5)


def reseeded(plan: Sequence[ResolvedIncision], number: int) -> tuple[ResolvedIncision, ...]:
    """Return the plan with the seed of every random operation counted on by ``number``."""
    return tuple(replace(each, params=_reseeded(each, number)) for each in plan)


def _reseeded(incision: ResolvedIncision, number: int) -> tuple[tuple[str, ParamValue], ...]:
    return sorted_params(OPERATIONS[incision.operation].reseeded(dict(incision.params), number))


def mean_number(key: str, values: Sequence[float | int | None]) -> float | int | None:
    """Return the mean of a number over seeds, of a rank the median; None where any is missing."""
    if len(values) == 1 or any(value is None for value in values):
        return values[0] if len(values) == 1 else None
    found = np.array(values, dtype=float)
    return float(np.median(found)) if key == "rank" else float(found.mean())


def band_of(values: Sequence[float | int | None]) -> tuple[float, float] | None:
    """Return the 2.5th and 97.5th percentile over seeds; None for a single one."""
    if len(values) == 1 or any(value is None for value in values):
        return None
    low, high = np.percentile(np.array(values, dtype=float), BAND)
    return float(low), float(high)


def mean_curves(curves: Sequence[Curves]) -> Curves:
    """Return the mean of curves over seeds, with the band between their percentiles."""
    if len(curves) == 1:
        return curves[0]
    stacked = np.stack([each.values for each in curves])
    low, high = np.percentile(stacked, BAND, axis=0)
    return Curves(curves[0].labels, stacked.mean(axis=0), low, high)
