"""From a slider's steps to a dose and back. Pure, without a window."""

from __future__ import annotations

import math
from dataclasses import dataclass

STEPS_WANTED = 400
NEAR = 0.012


@dataclass(frozen=True)
class DoseScale:
    """A range of doses in round steps.

    Attributes
    ----------
    low, high : float
        The range that the slider offers.
    anchors : tuple of float
        Doses that a drag snaps to when it comes near: the whole numbers, and the one that changes nothing.
    """

    low: float
    high: float
    anchors: tuple[float, ...] = ()

    @property
    def step(self) -> float:
        """The size of a step: a power of ten that gives at least a few hundred."""
        return float(10.0 ** math.floor(math.log10((self.high - self.low) / STEPS_WANTED * 5)))

    @property
    def steps(self) -> int:
        """Number of steps from one end to the other."""
        return round((self.high - self.low) / self.step)

    def value(self, step: int) -> float:
        """Return the dose at a step, rounded so that it is read as it is."""
        decimals = max(-math.floor(math.log10(self.step)), 0)
        return round(self.low + step * self.step, decimals)

    def step_of(self, value: float) -> int:
        """Return the step nearest to a dose; one outside the range is at the end."""
        inside = min(max(value, self.low), self.high)
        return round((inside - self.low) / self.step)

    def fraction(self, value: float) -> float:
        """Return where a dose stands between the ends, from 0 to 1."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)

    def at(self, fraction: float) -> int:
        """Return the step at a place between the ends, drawn to an anchor that is near."""
        fraction = min(max(fraction, 0.0), 1.0)
        for anchor in self.anchors:
            if abs(self.fraction(anchor) - fraction) <= NEAR:
                return self.step_of(anchor)
        return round(fraction * self.steps)


def dose_scale(low: float, high: float, neutral: float | None) -> DoseScale:
    """Return the scale of a parameter; its neutral dose, if any, and whole numbers are anchors."""
    whole = [float(n) for n in range(math.ceil(low), math.floor(high) + 1)] if high - low <= 20 else []
    return DoseScale(low, high, tuple(dict.fromkeys([neutral, *whole] if neutral is not None else whole)))
