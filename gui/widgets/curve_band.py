"""A translucent band between two curves, drawn in the coordinates of a plot."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QBrush, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsPathItem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gui.theme.theme import Theme

# Light enough for the lines of another curve in it, and with an edge: a projector shows little of the fill alone.
FILL, EDGE = 60, 150


def band_path(low: NDArray[np.float64], high: NDArray[np.float64], first: int = 0) -> QPainterPath:
    """Return the area between two curves from a depth on; where one of them is no number there is none."""
    path = QPainterPath()
    finite = np.isfinite(low) & np.isfinite(high)
    for whole, run in groupby(range(first, len(low)), key=lambda depth: bool(finite[depth])):
        depths = list(run)
        if whole and len(depths) > 1:
            upper = [QPointF(depth, float(high[depth])) for depth in depths]
            lower = [QPointF(depth, float(low[depth])) for depth in reversed(depths)]
            path.addPolygon(QPolygonF([*upper, *lower]))
            path.closeSubpath()
    return path


class CurveBand(QGraphicsPathItem):
    """What most of several runs lie in."""

    def restyle(self, theme: Theme, color: str) -> None:
        """Take a curve's colour."""
        pen = QPen(theme.color(color, EDGE), theme.scale)
        pen.setCosmetic(True)
        self.setPen(pen)
        self.setBrush(QBrush(theme.color(color, FILL)))

    def show_between(self, low: NDArray[np.float64] | None, high: NDArray[np.float64] | None, first: int = 0) -> None:
        """Draw the band from a depth on; without bounds none."""
        self.setVisible(low is not None and high is not None)
        if low is not None and high is not None:
            self.setPath(band_path(low, high, first))
