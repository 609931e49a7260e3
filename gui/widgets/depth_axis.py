"""The horizontal axis of every curve by depth: embed, 0, 1, ... the last layer."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QFontMetricsF

STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40)
EMBEDDING = "embed"


def depth_name(depth: int, *, short: bool = False) -> str:
    """Return what a depth is called: 0 is the embedding, d the residual after block d - 1."""
    if short:
        return EMBEDDING if depth == 0 else f"layer {depth - 1}"
    return "after the embedding" if depth == 0 else f"after layer {depth - 1}"


def depth_ticks(n_layers: int, spacing: float, label: float, first: float) -> list[int]:
    """Return the depths that are written out, so that no two labels touch.

    Parameters
    ----------
    spacing : float
        Pixels between two depths.
    label, first : float
        Pixels that a layer's number needs, and that the word for the embedding needs.
    """
    step = next((s for s in STEPS if s * spacing >= label), STEPS[-1])
    free = (first + label) / 2
    return [0, *(layer + 1 for layer in range(0, n_layers, step) if (layer + 1) * spacing >= free)]


class DepthAxis(pg.AxisItem):
    """An axis whose ticks are layers."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self._n_layers = 0

    def set_layers(self, n_layers: int) -> None:
        """Say how many layers there are."""
        if n_layers != self._n_layers:
            self._n_layers = n_layers
            self.picture = None
            self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[int]]]:  # noqa: D102
        if not self._n_layers or maxVal <= minVal:
            return []
        font = self.style["tickFont"]
        metrics = QFontMetricsF(font) if font is not None else QFontMetricsF(self.font())
        blank = metrics.horizontalAdvance("0")
        label = metrics.horizontalAdvance(str(self._n_layers - 1)) + 2 * blank
        first = metrics.horizontalAdvance(EMBEDDING) + blank
        ticks = depth_ticks(self._n_layers, size / (maxVal - minVal), label, first)
        return [(1.0, [tick for tick in ticks if minVal <= tick <= maxVal])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: D102
        return [EMBEDDING if value == 0 else str(int(value) - 1) for value in values]
