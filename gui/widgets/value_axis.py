"""The vertical axis of curves: a few round numbers with true minus signs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtGui import QFontMetricsF

from gui.widgets.curve_range import round_step
from gui.widgets.number_format import plain

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF

REACH = 24
WIDEST = plain(-10.5, 1)


def value_ticks(low: float, high: float, most: int) -> tuple[float, list[float]]:
    """Return a round step and its multiples in a range, at most ``most`` steps long."""
    step = round_step((high - low) * 5 / max(1, most))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return step, [number * step for number in range(first, last + 1)]


def end_ticks(low: float, high: float, apart: float) -> list[float]:
    """Return ticks of which the first and the last are the ends: even steps, or round ones between the ends.

    Parameters
    ----------
    apart : float
        How far two values must be apart for their labels not to touch.
    """
    span = high - low
    most = min(6, max(1, int(span / (1.2 * apart))))
    for steps in range(most, 1, -1):
        step = span / steps
        if math.isclose(step, round_step(5 * step), rel_tol=1e-6) and abs(low / step - round(low / step)) < 1e-6:
            return [low + number * step for number in range(steps)] + [high]
    inner = value_ticks(low, high, most)[1] if most > 1 else []
    return [low, *(value for value in inner if low + apart <= value <= high - apart), high]


def digits_of(values: list[float]) -> int:
    """Return how many digits after the point write all values out."""
    return next((n for n in range(6) if all(abs(value - round(value, n)) < 1e-6 for value in values)), 6)


class ValueAxis(pg.AxisItem):
    """An axis with as many labels as there is height for, and always as wide.

    Attributes
    ----------
    ends : tuple of two floats or None
        The values that are always labelled; without them, any round ones in the range are.
    """

    def __init__(self) -> None:
        super().__init__("left")
        self.ends: tuple[float, float] | None = None

    def set_ends(self, ends: tuple[float, float]) -> None:
        """Choose the values that are always labelled."""
        if ends != self.ends:
            self.ends = ends
            self.picture = None
            self.update()

    def fix_width(self) -> None:
        """Take the width of the widest label that is likely, and of the axis' name.

        Plots above one another then begin at the same place, and nothing moves when labels change.
        """
        font = self.style["tickFont"]
        label = QFontMetricsF(font if font is not None else self.font()).horizontalAdvance(WIDEST)
        self.setWidth(math.ceil(label + self.style["tickTextOffset"][0] + 0.8 * self.label.boundingRect().height()))

    def boundingRect(self) -> QRectF:  # noqa: D102
        # Labels of the first and the last tick reach beyond the axis; with a grid pyqtgraph drops them.
        bounds: QRectF = super().boundingRect()
        return bounds.adjusted(0, -REACH, 0, REACH)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: D102
        if maxVal <= minVal:
            return []
        font = self.style["tickFont"]
        line = (QFontMetricsF(font) if font is not None else QFontMetricsF(self.font())).height()
        if self.ends is None:
            return [value_ticks(minVal, maxVal, min(6, int(size / (1.4 * line))))]
        low, high = self.ends
        room = size * (high - low) / (maxVal - minVal)
        return [(high - low, end_ticks(low, high, 1.15 * line * (high - low) / max(1.0, room)))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: D102
        digits = digits_of(values)
        return [plain(value, digits) if value else "0" for value in values]
