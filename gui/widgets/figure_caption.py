"""The small line beside a figure that says what decides its numbers; without anything to say it takes no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QPainter

from gui.widgets.elided_label import ElidedLabel
from gui.widgets.figure_words import figure_words

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

    from core.runs.result import RunResult
    from gui.theme.theme import Theme

SIZE = 12


class FigureCaption(ElidedLabel):
    """One line, shortened where there is no room; its tip has a line for each thing."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("muted", parent)
        self._theme = theme
        self.restyle()
        self.hide()

    def show_result(self, result: RunResult, *more: str) -> None:
        """Say what decides the numbers of a result, and more."""
        words = "\n".join(line for line in (figure_words(result), *more) if line)
        self.setText(words.replace("\n", " · "))
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write on the ground of the figure."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.palette.surface))
        painter.end()
        super().paintEvent(event)

    def restyle(self) -> None:
        """Take the size from the theme again."""
        px = self._theme.pixels
        self.setFont(self._theme.font(SIZE))
        self.setContentsMargins(px(12), 0, px(12), px(2))
