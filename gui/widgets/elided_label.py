"""A label that shortens its text where there is no room for it, and tells the whole in its tip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

LEAST_CHARACTERS = 6


class ElidedLabel(QLabel):
    """One line of text that never asks for more than a few characters' room.

    Parameters
    ----------
    kind : str
        Which of the style sheet's labels it is.
    fills : bool
        Whether it takes what others leave and writes at the right.
    least : int
        For how many characters it asks for room.
    """

    def __init__(
        self, kind: str, parent: QWidget | None = None, *, fills: bool = False, least: int = LEAST_CHARACTERS
    ) -> None:
        super().__init__(parent)
        self._least = least
        self.setProperty("kind", kind)
        if fills:
            self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        """Show a text."""
        super().setText(text)
        self.setToolTip(text)

    def minimumSizeHint(self) -> QSize:
        """Return room for a few characters."""
        least = self.fontMetrics().averageCharWidth() * self._least if self.text() else 0
        return QSize(least, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write as much as there is room for."""
        painter = QPainter(self)
        area = self.contentsRect()
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(area, int(self.alignment()), shown)
