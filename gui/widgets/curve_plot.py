"""A plot of curves by depth, clean and operated, with a crosshair for mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent

from gui.theme.plot_style import SYMBOLS, apply_plot_style, line_pen, symbol_brush, symbol_pen, symbol_size
from gui.widgets.curve_band import CurveBand
from gui.widgets.curve_range import Limits, rounded_range, settled_range, start_squeezes, with_room_below
from gui.widgets.depth_axis import DepthAxis
from gui.widgets.number_format import plain
from gui.widgets.value_axis import ValueAxis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gui.theme.palette import Palette
    from gui.theme.theme import Theme

NOTE_LANE = 18
Colors = Callable[["Palette", int], tuple[str, str]]


def link_pen(theme: Theme, color: str) -> QPen:
    """Return the pen of what is not to scale: thin and dotted."""
    pen = QPen(QColor(color), 1.4 * theme.scale)
    pen.setCosmetic(True)
    pen.setDashPattern([1.2, 2.4])
    return pen


@dataclass(frozen=True)
class Series:
    """One quantity before and after.

    Attributes
    ----------
    clean, operated : ndarray of float64, shape [n_layers + 1]
    place : int
        Which colour and symbol it has.
    low, high : ndarray of float64, shape [n_layers + 1], or None
        What 95 % of several operated runs lie in; ``operated`` is then their mean.
    """

    label: str
    clean: NDArray[np.float64]
    operated: NDArray[np.float64]
    place: int = 0
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None

    @property
    def arrays(self) -> list[NDArray[np.float64]]:
        """All that is drawn."""
        return [each for each in (self.clean, self.operated, self.low, self.high) if each is not None]

    @property
    def unchanged(self) -> bool:
        """Whether the two are the same at every depth, to the bit."""
        return np.array_equal(self.clean, self.operated, equal_nan=True)


class CurvePlot(pg.PlotWidget):
    """Curves by depth. Clean ones are dashed with hollow symbols, operated ones solid and filled.

    Parameters
    ----------
    colors : callable
        ``colors(palette, place)`` returns the clean and the operated colour of a series.
    limits : Limits
        What the quantity can be.

    Signals
    -------
    depthChanged(int)
        The depth under the crosshair, or -1 when there is no crosshair.
    """

    depthChanged = Signal(int)

    def __init__(self, theme: Theme, colors: Colors, limits: Limits, label: str) -> None:
        self.axis = DepthAxis()
        self.value_axis = ValueAxis()
        super().__init__(axisItems={"bottom": self.axis, "left": self.value_axis})
        self.theme = theme
        self._colors = colors
        self._limits = limits
        self._label = label
        self.series: tuple[Series, ...] = ()
        self.depth = -1
        self._shown: tuple[float, float] | None = None
        self._clean: list[pg.PlotDataItem] = []
        self._operated: list[pg.PlotDataItem] = []
        self._bands: list[CurveBand] = []
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        # pyqtgraph leaves its menu without an owner: it would outlive the plot.
        item.ctrlMenu.setParent(self, item.ctrlMenu.windowFlags())
        item.setMouseEnabled(x=False, y=False)
        item.disableAutoRange()
        self._zero = pg.InfiniteLine(0, angle=0, movable=False)
        self._cross = pg.InfiniteLine(0, angle=90, movable=False)
        self._cross.hide()
        self._squeezed = False
        self._start = pg.TextItem(anchor=(0, 0.5))
        self._links: list[pg.PlotDataItem] = []
        item.addItem(self._start, ignoreBounds=True)
        for line, z in ((self._zero, -10), (self._cross, -5)):
            line.setZValue(z)
            item.addItem(line, ignoreBounds=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.restyle()

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(180), self.theme.pixels(70))

    @property
    def n_depths(self) -> int:
        """How many depths are drawn."""
        return len(self.series[0].clean) if self.series else 0

    def show_series(self, series: Sequence[Series], *, anew: bool) -> None:
        """Draw series.

        Parameters
        ----------
        anew : bool
            True for another question: the range is then chosen afresh instead of kept still.
        """
        moved = [each.place for each in series] != [each.place for each in self.series]
        self.series = tuple(series)
        self._make_items(len(self.series), restyled=moved)
        self.axis.set_layers(self.n_depths - 1)
        arrays = [array for each in self.series for array in each.arrays]
        squeezed = start_squeezes(arrays, self._limits)
        wanted = rounded_range([array[1:] for array in arrays] if squeezed else arrays, self._limits)
        if squeezed:
            wanted = with_room_below(wanted, min(float(array[1]) for array in arrays))
        self._shown = settled_range(wanted, None if anew else self._shown)
        low = self._shown[0]
        self._squeezed = squeezed and bool(self.series[0].operated[0] < low)
        self.value_axis.set_ends(self._shown)
        for index, item in enumerate(self._clean):
            there = index < len(self.series)
            if there:
                self._draw(item, self._links[2 * index], self.series[index].clean, low)
                self._draw(self._operated[index], self._links[2 * index + 1], self.series[index].operated, low)
            self._draw_band(index)
            for curve in (item, self._operated[index]):
                curve.setVisible(there)
            for link in self._links[2 * index : 2 * index + 2]:
                link.setVisible(there and self._squeezed)
        self._start.setVisible(self._squeezed)
        if self._squeezed:
            self._start.setText(f"▼ {plain(float(self.series[0].operated[0]), 1)}")
        self._set_ranges()
        self._place_crosshair(self.depth if self.depth < self.n_depths else -1)

    def show_operated(self, curves: Iterable[NDArray[np.float64]]) -> None:
        """Draw other operated curves in place of those of the series, which stay what is read out.

        Parameters
        ----------
        curves : iterable of ndarray of float64, shape [n_layers + 1]
            One per series; NaN where there is nothing yet.
        """
        kept = self.series
        partial = [replace(s, operated=each, low=None, high=None) for s, each in zip(kept, curves, strict=True)]
        self.show_series(partial, anew=False)
        self.series = kept

    def _draw_band(self, index: int) -> None:
        """Draw what most of several runs lie in, but not where it comes in from below the range."""
        band, there = self._bands[index], index < len(self.series)
        low, high = (self.series[index].low, self.series[index].high) if there else (None, None)
        band.show_between(low, high, int(self._squeezed))

    def _draw(self, curve: pg.PlotDataItem, link: pg.PlotDataItem, values: NDArray[np.float64], low: float) -> None:
        """Draw a curve; from a start below the range only a link comes in, which is not to scale."""
        depths = np.arange(len(values))
        outside = self._squeezed and values[0] < low
        curve.setData(depths, np.concatenate([[np.nan], values[1:]]) if outside else values)
        link.setData([0, 1], [low, values[1]] if outside else [np.nan, np.nan])

    def restyle(self) -> None:
        """Take colours and sizes from the theme again."""
        theme, p = self.theme, self.theme.palette
        apply_plot_style(self, theme)
        self.getPlotItem().layout.setContentsMargins(*(theme.pixels(v) for v in (6, 8, 14, 4)))
        self._zero.setPen(pg.mkPen(QColor(p.text_faint), width=1))
        self._cross.setPen(pg.mkPen(QColor(p.text_muted), width=max(1.0, theme.scale)))
        self._start.setColor(QColor(p.text_muted))
        self._start.setFont(theme.font(12))
        size = self._symbol_size()
        for index, (clean, operated) in enumerate(zip(self._clean, self._operated, strict=True)):
            place = self.series[index].place if index < len(self.series) else index
            before, after = self._colors(p, place)
            self._bands[index].restyle(theme, after)
            for item, color, dashed in ((clean, before, True), (operated, after, False)):
                item.setPen(line_pen(theme, color, dashed=dashed))
                item.setSymbol(SYMBOLS[place % len(SYMBOLS)] if size else None)
                item.setSymbolSize(size)
                item.setSymbolPen(symbol_pen(theme, color))
                item.setSymbolBrush(symbol_brush(theme, color, filled=not dashed))
                self._links[2 * index + (not dashed)].setPen(link_pen(theme, color))
        self._fit_labels()
        self._set_ranges()

    def _make_items(self, count: int, *, restyled: bool) -> None:
        changed = restyled or count > len(self._clean)
        while len(self._clean) < count:
            band = CurveBand()
            self.getPlotItem().addItem(band, ignoreBounds=True)
            self._bands.append(band)
            for items, z in ((self._clean, 1), (self._operated, 2)):
                item = pg.PlotDataItem(connect="finite")
                item.setZValue(z)
                self.getPlotItem().addItem(item, ignoreBounds=True)
                items.append(item)
                link = pg.PlotDataItem(connect="finite")
                link.setZValue(z - 2)
                self.getPlotItem().addItem(link, ignoreBounds=True)
                self._links.append(link)
        if changed or self._symbol_size() != self._clean[0].opts["symbolSize"] if self._clean else False:
            self.restyle()

    def _set_ranges(self) -> None:
        if self._shown is None or not self.series:
            return
        low, high = self._shown
        box = self.getViewBox()
        # As much as half a symbol and its outline, so that none is sliced at the edge.
        half = min((self._symbol_size() / 2 + self.theme.pixels(2)) / max(1.0, box.height()), 0.2)
        margin = below = max(0.04, half / (1 - 2 * half)) * (high - low)
        if self._squeezed:
            lane = min(self.theme.pixels(NOTE_LANE) / max(1.0, box.height()), 0.5)
            below = (high + margin - low) * lane / (1 - lane)
        beside = max(0.35, self.theme.pixels(10) * self.n_depths / max(1.0, box.width()))
        self.getPlotItem().setYRange(low - below, high + margin, padding=0)
        self.getPlotItem().setXRange(-beside, self.n_depths - 1 + beside, padding=0)
        half_a_triangle = self.theme.pixels(9) * (self.n_depths - 1 + 2 * beside) / max(1.0, box.width())
        self._start.setPos(-min(half_a_triangle, beside), low - below / 2)

    def _symbol_size(self) -> int:
        return symbol_size(self.theme, self.getViewBox().width() / max(1, self.n_depths))

    def _fit_labels(self) -> None:
        item = self.getPlotItem()
        roomy = self.height() >= self.theme.pixels(170)
        for side, text in (("left", self._label), ("bottom", "after layer")):
            axis = item.getAxis(side)
            if roomy:
                axis.setLabel(text)
            axis.showLabel(roomy)
        self.value_axis.fix_width()

    def _place_crosshair(self, depth: int) -> None:
        self._cross.setVisible(depth >= 0)
        if depth >= 0:
            self._cross.setValue(depth)
        if depth != self.depth:
            self.depth = depth
            self.depthChanged.emit(depth)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        super().mouseMoveEvent(event)
        if not self.series:
            return
        at = self.getViewBox().mapSceneToView(QPointF(self.mapToScene(event.position().toPoint())))
        self._place_crosshair(min(max(round(at.x()), 0), self.n_depths - 1))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        super().leaveEvent(event)
        self._place_crosshair(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        last = self.n_depths - 1
        here = self.depth if self.depth >= 0 else last
        moves = {
            Qt.Key.Key_Left: max(0, here - 1) if self.depth >= 0 else last,
            Qt.Key.Key_Right: min(last, here + 1),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
            Qt.Key.Key_Escape: -1,
        }
        if last < 0 or event.key() not in moves or (event.key() == Qt.Key.Key_Escape and self.depth < 0):
            event.ignore()
            return
        self._place_crosshair(moves[Qt.Key(event.key())])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the curves, and a ring round the plot that the keyboard speaks to."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(QColor(self.theme.palette.accent), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if hasattr(self, "_cross"):
            self.restyle()
