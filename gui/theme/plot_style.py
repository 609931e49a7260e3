"""How every plot looks: backgrounds, axes, pens and symbols, from the theme in force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

if TYPE_CHECKING:
    from gui.theme.theme import Theme

# Rows of an array are rows on the screen: pyqtgraph's own default draws [layer, head] transposed.
pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)

SYMBOLS = ("o", "s", "t1", "d")
LINE_WIDTH = 2.4
GRID_ALPHA = 0.22
TICK_SIZE = 13
LABEL_SIZE = 13


def apply_plot_style(plot: pg.PlotWidget, theme: Theme) -> None:
    """Give a plot the colours, the fonts and the lengths of the theme.

    Parameters
    ----------
    plot : PlotWidget
        Its curves keep their pens: they are the owner's, see `line_pen`.
    """
    p = theme.palette
    plot.setBackground(QColor(p.surface))
    item = plot.getPlotItem()
    item.showGrid(x=False, y=True, alpha=GRID_ALPHA)
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        axis.setPen(pg.mkPen(QColor(p.text_faint), width=1))
        axis.setTextPen(pg.mkPen(QColor(p.text_muted)))
        axis.setTickPen(pg.mkPen(QColor(p.text_faint), width=1))
        # Numbers are written in full: pyqtgraph would write "x0.001" beside the label.
        axis.enableAutoSIPrefix(False)
        axis.setTickFont(theme.font(TICK_SIZE))
        axis.setStyle(
            tickTextOffset=theme.pixels(6), tickLength=-theme.pixels(4), hideOverlappingLabels=theme.pixels(24)
        )
        axis.label.setFont(theme.font(LABEL_SIZE))
        axis.label.setDefaultTextColor(QColor(p.text_muted))


def line_pen(theme: Theme, color: str, *, dashed: bool = False) -> QPen:
    """Return the pen of a curve: dashed for a clean run, solid for an operated one."""
    pen = QPen(QColor(color), LINE_WIDTH * theme.scale)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        pen.setDashPattern([2.6, 1.8])
    return pen


def symbol_pen(theme: Theme, color: str) -> QPen:
    """Return the outline of a curve's symbols."""
    pen = QPen(QColor(color), 1.6 * theme.scale)
    pen.setCosmetic(True)
    return pen


def symbol_brush(theme: Theme, color: str, *, filled: bool) -> QBrush:
    """Return the inside of a curve's symbols: hollow ones hide the line behind them."""
    return QBrush(QColor(color if filled else theme.palette.surface))


def symbol_size(theme: Theme, spacing: float) -> int:
    """Return a symbol size that fits points ``spacing`` pixels apart; 0 where none would."""
    if spacing < theme.pixels(9):
        return 0
    return theme.pixels(8 if spacing >= theme.pixels(18) else 6)
