"""Painting what a sweep found at a cell of the grid."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPainterPath

from gui.theme.heat import heat, heat_ink
from gui.widgets.number_format import ABOUT, MINUS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gui.surgery.grid_model import CellHeat
    from gui.theme.theme import Theme

SIZE, SIGN_FROM, ROUND_FROM, HATCHING = 12, 10, 16, 90
# How many colours there are from nothing to the end of the ramp.
STEPS = 255


def shape(box: QRectF) -> QPainterPath:
    """Return the outline of a cell."""
    radius = min(min(box.width(), box.height()) * 0.16, 8.0)
    made = QPainterPath()
    made.addRoundedRect(box, radius, radius)
    return made


class HeatPainter:
    """Paints the colour of a number, and the number or at least its sign."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._ramps: dict[bool, NDArray[np.uint8]] = {}
        self._colors: dict[tuple[int, bool], tuple[QColor, QColor]] = {}

    def forget(self) -> None:
        """Take the colours from the theme again."""
        self._ramps.clear()
        self._colors.clear()

    def paint(self, painter: QPainter, box: QRectF, swept: CellHeat, taken: float = 0.0) -> None:
        """Paint a cell, its number right of so much width that is taken, if there is room for it."""
        color, ink = self._color_of(swept)
        if min(box.width(), box.height()) < ROUND_FROM:
            painter.fillRect(box, color)
        else:
            painter.fillPath(shape(box), color)
        if swept.estimated:
            painter.fillPath(shape(box), QBrush(self._theme.color(ink.name(), HATCHING), Qt.BrushStyle.BDiagPattern))
        if min(box.width(), box.height()) < SIGN_FROM:
            return
        font = self._theme.font(SIZE)
        metrics = QFontMetricsF(font)
        # Where a small number does not fit beside others, "about zero" would stand alone among signs.
        wide = metrics.horizontalAdvance(f"{MINUS}0.00" if swept.number.startswith(ABOUT) else swept.number)
        fits = box.height() >= metrics.height() and wide <= box.width() - taken - 4
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(
            box.adjusted(taken, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, swept.number if fits else swept.sign
        )

    def _color_of(self, swept: CellHeat) -> tuple[QColor, QColor]:
        """Return the colour of a number, and one that can be read on it."""
        # A colour of its own for every number would cost as much as a cell, and not be told apart.
        share = 0.0 if isnan(swept.share) else min(max(swept.share, -1.0), 1.0)
        key = (round(STEPS * share), swept.signed)
        if key not in self._colors:
            if swept.signed not in self._ramps:
                shares = np.arange(-STEPS, STEPS + 1) / STEPS
                self._ramps[swept.signed] = heat(self._theme.palette, shares, signed=swept.signed)
            rgb = self._ramps[swept.signed][STEPS + key[0]]
            self._colors[key] = (QColor(*(int(part) for part in rgb)), QColor(heat_ink(rgb)))
        return self._colors[key]
