"""The small line beside a figure that says what decides its numbers; without anything to say it takes no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.figure_words import figure_words
from gui.widgets.wrapped_label import wrapped

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from core.runs.result import RunResult
    from core.sessions.session import CleanSide
    from gui.theme.theme import Theme

SIZE, MARGIN, BELOW = 12, 12, 2
TALL_FROM = 210


class FigureCaption(QWidget):
    """One line, or two beside a tall figure, shortened where there is no room; its tip has a line for each thing.

    Attributes
    ----------
    text : str
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.text = ""
        self._most = 1
        self._shown: tuple[RunResult, tuple[str, ...]] | None = None
        self._clean_side: CleanSide = "prompt"
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.restyle()
        self.hide()

    def show_result(self, result: RunResult, *more: str) -> None:
        """Say what decides the numbers of a result, and more."""
        self._shown = result, more
        self._write()

    def show_clean_side(self, side: CleanSide) -> None:
        """Take which of the two prompts is the clean one."""
        self._clean_side = side
        self._write()

    def _write(self) -> None:
        if self._shown is None:
            return
        result, more = self._shown
        words = "\n".join(line for line in (figure_words(result, self._clean_side), *more) if line)
        self.text = words.replace("\n", " · ")
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
        self._fit()
        self.update()

    def fit(self, height: int) -> None:
        """Take two lines at most in a panel that is tall enough, else one."""
        self._most = 2 if height >= self._theme.pixels(TALL_FROM) else 1
        self._fit()

    def lines(self) -> list[str]:
        """Return what is written, line by line."""
        return wrapped(self.text, QFontMetrics(self.font()), self.contentsRect().width(), self._most)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many lines as the width asks for."""
        self._fit()

    def _fit(self) -> None:
        spacing = QFontMetrics(self.font()).lineSpacing()
        self.setFixedHeight(len(self.lines()) * spacing + self._theme.pixels(BELOW))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write on the ground of the figure."""
        painter, palette = QPainter(self), self._theme.palette
        painter.fillRect(self.rect(), QColor(palette.surface))
        painter.setFont(self.font())
        painter.setPen(QColor(palette.text_muted))
        painter.drawText(self.contentsRect(), 0, "\n".join(self.lines()))

    def restyle(self) -> None:
        """Take the size from the theme again."""
        px = self._theme.pixels
        self.setFont(self._theme.font(SIZE))
        self.setContentsMargins(px(MARGIN), 0, px(MARGIN), px(BELOW))
        self._fit()
