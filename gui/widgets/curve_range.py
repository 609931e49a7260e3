"""Vertical ranges that show the data well and stay still while the data moves a little."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a quantity can be.

    Attributes
    ----------
    low, high : float
        It is never outside.
    least : float
        The smallest span worth showing: less would magnify nothing.
    may_leave_start : bool
        Whether the first depth may lie outside the range when it alone would squeeze the rest:
        the lens reads next to nothing from an embedding.
    """

    low: float = -math.inf
    high: float = math.inf
    least: float = 0.1
    may_leave_start: bool = False


COSINE = Limits(low=-1, high=1, least=0.1)
LOG_PROB = Limits(high=0, least=1, may_leave_start=True)
SQUEEZED = 0.4
STEEP = 0.2


def round_step(span: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten, about a fifth of the span."""
    power = 10.0 ** math.floor(math.log10(span / 5))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / 5 * 0.999)


def start_squeezes(arrays: Sequence[NDArray[np.float64]], limits: Limits) -> bool:
    """Return whether the first depth is so far off that the others would share under 40 % of the range."""
    if not limits.may_leave_start or not arrays or len(arrays[0]) < 3:
        return False
    low, high = rounded_range(arrays, limits)
    rest_low, rest_high = rounded_range([array[1:] for array in arrays], limits)
    return rest_high - rest_low < SQUEEZED * (high - low)


def rounded_range(arrays: Iterable[NDArray[np.float64]], limits: Limits) -> tuple[float, float]:
    """Return a range of round numbers around all finite values."""
    values = np.concatenate([np.ravel(array) for array in arrays] or [np.empty(0)])
    values = values[np.isfinite(values)]
    if not len(values):
        return (limits.low, limits.high) if math.isfinite(limits.low) else (limits.high - limits.least, limits.high)
    low, high = float(values.min()), float(values.max())
    if (short := limits.least - (high - low)) > 0:
        low, high = low - short / 2, high + short / 2
    step = round_step(high - low)
    low = max(math.floor(low / step) * step, limits.low)
    high = min(math.ceil(high / step) * step, limits.high)
    return low, high


def with_room_below(wanted: tuple[float, float], lowest: float) -> tuple[float, float]:
    """Return a range one round step lower where a value lies at its very bottom.

    A line that comes in from below the range would look level there, as if it began at that value.
    """
    low, high = wanted
    return (low - round_step(high - low), high) if lowest - low < STEEP * (high - low) else wanted


def settled_range(new: tuple[float, float], shown: tuple[float, float] | None) -> tuple[float, float]:
    """Keep the range shown as long as it holds the new one and is not twice too wide."""
    if shown is None or shown[0] > new[0] or shown[1] < new[1]:
        return new
    return shown if (shown[1] - shown[0]) <= 2 * (new[1] - new[0]) else new
