"""Under the grid: what its colours mean while a sweep colours it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from gui.widgets.heat_legend import HeatLegend

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from gui.theme.theme import Theme


class SweptRow(QWidget):
    """The legend, and a button that takes the colours off.

    Signals
    -------
    dismissed()
    """

    dismissed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.legend = HeatLegend(theme, self)
        self.off = QPushButton("\N{MULTIPLICATION SIGN}", self)
        self.off.setProperty("kind", "quiet")
        self.off.setProperty("tight", True)
        self.off.setToolTip("Take the colours of the sweep off the grid; the map keeps them.")
        self.off.setAccessibleName("take the colours of the sweep off the grid")
        self.off.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.off.clicked.connect(self.dismissed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.legend, 1)
        row.addWidget(self.off)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.palette.surface))
        painter.end()
