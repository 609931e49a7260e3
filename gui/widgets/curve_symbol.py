"""The plot's own symbols, for keys beside the plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols

from gui.theme.plot_style import SYMBOLS

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QPainter


def draw_symbol(painter: QPainter, symbol: int | str, centre: QPointF, size: float) -> None:
    """Draw a symbol with the painter's pen and brush.

    Parameters
    ----------
    symbol : int or str
        A series' index, or pyqtgraph's name of a symbol.
    """
    name = symbol if isinstance(symbol, str) else SYMBOLS[symbol % len(SYMBOLS)]
    pen = painter.pen()
    pen.setCosmetic(True)
    painter.save()
    painter.setPen(pen)
    painter.translate(centre)
    painter.scale(size, size)
    painter.drawPath(Symbols[name])
    painter.restore()
