"""Estimates against exact numbers, one point a cell, with how well they agree about the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.runs.sweep_readouts import map_readouts, map_values, rank_correlation
from gui.theme.plot_style import apply_plot_style
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.number_format import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.runs.sweep_result import SweepResult
    from gui.theme.theme import Theme
    from gui.widgets.sweep_picture import Picture

LEAST_CELLS = 3


class TrueMinus(pg.AxisItem):
    """An axis with true minus signs, and with its numbers as they are: by itself it would write thousandths."""

    def updateAutoSIPrefix(self) -> None:
        """Leave the scale as it is: pyqtgraph changes it even while it is told not to."""
        self.autoSIPrefixScale = 1.0

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return the labels of ticks."""
        return [text.replace("-", "\N{MINUS SIGN}") for text in super().tickStrings(values, scale, spacing)]


class EstimateScatter(QWidget):
    """A plot with the line on which an estimate is exact.

    Signals
    -------
    pointed(object)
        The number of the cell whose dot is under the pointer, or None.
    picked(int)
        That of a dot that was clicked.
    """

    pointed = Signal(object)
    picked = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.words = ElidedLabel("muted", self)
        self.plot = pg.PlotWidget(axisItems={side: TrueMinus(side) for side in ("left", "bottom")})
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        # Nobody shows this menu, and without a parent nobody would delete it either.
        item.ctrlMenu.setParent(self.plot, item.ctrlMenu.windowFlags())
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        self.points = pg.ScatterPlotItem(hoverable=True, tip=None)
        self.points.sigHovered.connect(self._on_points_hovered)
        self.points.sigClicked.connect(self._on_points_clicked)
        self.line = pg.InfiniteLine(angle=45)
        for item in (self.line, self.points):
            self.plot.addItem(item)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.words)
        box.addWidget(self.plot, 1)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_picture(self, picture: Picture, screened: SweepResult) -> bool:
        """Draw the cells that have both numbers; return whether there are enough of them."""
        if not any(each == picture.readout for each in map_readouts(screened)):
            return False
        exact = map_values(picture.result, picture.readout, picture.depth)
        guess = map_values(screened, picture.readout, picture.depth)
        both = np.isfinite(exact) & np.isfinite(guess)
        if both.sum() < LEAST_CELLS:
            return False
        exact, guess = exact[both], guess[both]
        self.points.setData(x=guess, y=exact, data=np.flatnonzero(both))
        ends = np.concatenate([exact, guess])
        low, high = float(ends.min()), float(ends.max())
        room = 0.05 * (high - low) or 1.0
        self.plot.setRange(xRange=(low - room, high + room), yRange=(low - room, high + room), padding=0)
        self.plot.setLabel("bottom", f"estimate of {picture.title}")
        method = "in bf16" if picture.result.method == "bf16" else "exact"
        self.plot.setLabel("left", method)
        rho = rank_correlation(guess, exact)
        told = "not defined: one of them is the same everywhere" if rho is None else plain(rho)
        self.words.setText(f"rank correlation {told} over {len(exact)} cells; on the line an estimate is what was run")
        self.setAccessibleName(self.words.text())
        return True

    def _on_points_hovered(self, item: pg.ScatterPlotItem, dots: Sequence[pg.SpotItem], event: object) -> None:
        self.pointed.emit(int(dots[0].data()) if len(dots) else None)

    def _on_points_clicked(self, item: pg.ScatterPlotItem, dots: Sequence[pg.SpotItem], event: object) -> None:
        self.picked.emit(int(dots[0].data()))

    def _restyle(self) -> None:
        theme = self._theme
        apply_plot_style(self.plot, theme)
        pen = QPen(QColor(theme.palette.text_faint), 1.4 * theme.scale, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self.line.setPen(pen)
        self.points.setPen(pg.mkPen(QColor(theme.palette.accent), width=1))
        self.points.setBrush(pg.mkBrush(theme.color(theme.palette.accent, 110)))
        self.points.setSize(theme.pixels(8))
        self.points.opts |= {"hoverBrush": pg.mkBrush(theme.palette.text), "hoverPen": pg.mkPen(theme.palette.text)}
        self.words.setFont(theme.font(13))
        self.words.setContentsMargins(theme.pixels(10), 0, theme.pixels(10), theme.pixels(2))
