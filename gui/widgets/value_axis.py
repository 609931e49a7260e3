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


def value_ticks(low: float, high: float, most: int) -> tuple[float, list[float]]:
    """Return a round step and its multiples in a range, at most ``most`` steps long."""
    step = round_step((high - low) * 5 / max(1, most))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return step, [number * step for number in range(first, last + 1)]


class ValueAxis(pg.AxisItem):
    """An axis with as many labels as there is height for."""

    def __init__(self) -> None:
        super().__init__("left")

    def boundingRect(self) -> QRectF:  # noqa: D102
        # Labels of the first and the last tick reach beyond the axis; with a grid pyqtgraph drops them.
        bounds: QRectF = super().boundingRect()
        return bounds.adjusted(0, -REACH, 0, REACH)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: D102
        if maxVal <= minVal:
            return []
        font = self.style["tickFont"]
        line = (QFontMetricsF(font) if font is not None else QFontMetricsF(self.font())).height()
        return [value_ticks(minVal, maxVal, min(6, int(size / (1.4 * line))))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: D102
        digits = max(0, -math.floor(math.log10(spacing) + 1e-9))
        return [plain(value, digits) if value else "0" for value in values]
