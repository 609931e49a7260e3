"""The followed token's row below the table, where the table does not show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from gui.theme.theme import Theme
    from gui.widgets.prediction_delegate import PredictionDelegate
    from gui.widgets.prediction_model import PredictionRow

GAP = 5


class PinnedRow(QWidget):
    """Draws one row as the table does, set apart by a gap and a line.

    Signals
    -------
    clicked
    """

    clicked = Signal()

    def __init__(self, theme: Theme, delegate: PredictionDelegate, view: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.row: PredictionRow | None = None
        self._delegate = delegate
        self._view = view
        self.hide()

    def show_row(self, row: PredictionRow | None) -> None:
        """Show a row, or none."""
        self.row = row
        self.setAccessibleName(row.sentence if row else "")
        self.setToolTip(row.sentence if row else "")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(280), self._delegate.height + self.theme.pixels(GAP))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        p = self.theme.palette
        painter.fillRect(self.rect(), QColor(p.sunken))
        painter.setPen(QColor(p.border_strong))
        painter.drawLine(0, 0, self.width(), 0)
        if self.row is not None:
            top = self.theme.pixels(GAP)
            area = QRect(0, top, self.width(), self.height() - top)
            self._delegate.paint_row(painter, area, self.row, width=self._view.width())
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
