"""A row of large figures, each with its name above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from gui.theme.theme import Theme

NAME_SIZE, FIGURE_SIZE, SMALLEST = 13, 19, 14


@dataclass(frozen=True)
class Figure:
    """One number.

    Attributes
    ----------
    help : str
        What it is, for the tool tip and the screen reader.
    """

    name: str
    written: str
    help: str


class FigureRow(QWidget):
    """Shows figures side by side; where they do not fit they get smaller, and the last ones give way."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.figures: tuple[Figure, ...] = ()
        self._compact = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Show numbers."""
        self.figures = tuple(figures)
        self.setAccessibleName("; ".join(f"{figure.name} {figure.written}" for figure in figures))
        self.setToolTip("\n".join(f"{figure.name}: {figure.help}" for figure in figures))
        self.update()

    def set_compact(self, compact: bool) -> None:
        """Write each name before its number instead of above it."""
        if compact != self._compact:
            self._compact = compact
            self.restyle()

    def restyle(self) -> None:
        """Take colours and sizes from the theme again."""
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        theme = self.theme
        if self._compact:
            return QSize(theme.pixels(360), theme.pixels(30))
        lines = QFontMetricsF(theme.font(NAME_SIZE)).height() + QFontMetricsF(theme.font(FIGURE_SIZE)).height()
        return QSize(theme.pixels(360), round(lines) + theme.pixels(18))

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(280), self.sizeHint().height())

    def _paint_line(self, painter: QPainter) -> None:
        theme, p = self.theme, self.theme.palette
        left, gap = float(theme.pixels(12)), theme.pixels(6)
        fonts = (theme.font(NAME_SIZE), theme.font(SMALLEST + 1, bold=True))
        for figure in self.figures:
            words = (figure.name, figure.written)
            widths = [QFontMetricsF(f).horizontalAdvance(word) for f, word in zip(fonts, words, strict=True)]
            if left + sum(widths) + gap > self.width() - theme.pixels(6):
                break
            for font, word, width, color in zip(fonts, words, widths, (p.text_muted, p.text), strict=True):
                painter.setFont(font)
                painter.setPen(QColor(color))
                painter.drawText(QRectF(left, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, word)
                left += width + gap
            left += 2 * gap

    def _widths(self, size: float) -> list[float]:
        names = QFontMetricsF(self.theme.font(NAME_SIZE))
        numbers = QFontMetricsF(self.theme.font(size, bold=True))
        return [max(names.horizontalAdvance(f.name), numbers.horizontalAdvance(f.written)) for f in self.figures]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        theme, p = self.theme, self.theme.palette
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(p.surface))
        if self._compact:
            self._paint_line(painter)
            painter.end()
            return
        edge = theme.pixels(12)
        room = self.width() - 2 * edge - theme.pixels(14) * (len(self.figures) - 1)
        size = next((s for s in range(FIGURE_SIZE, SMALLEST, -1) if sum(self._widths(s)) <= room), SMALLEST)
        widths = self._widths(size)
        gap = theme.pixels(14) + min(max(room - sum(widths), 0) / max(1, len(widths)), theme.pixels(28))
        name_height = QFontMetricsF(theme.font(NAME_SIZE)).height()
        left, top = float(edge), float(theme.pixels(8))
        for figure, width in zip(self.figures, widths, strict=True):
            if left + width > self.width() - edge / 2:
                break
            painter.setFont(theme.font(NAME_SIZE))
            painter.setPen(QColor(p.text_muted))
            painter.drawText(QRectF(left, top, width + 2, name_height), Qt.AlignmentFlag.AlignLeft, figure.name)
            painter.setFont(theme.font(size, bold=True))
            painter.setPen(QColor(p.text))
            below = QRectF(left, top + name_height, width + 2, self.height() - top - name_height)
            painter.drawText(below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, figure.written)
            left += width + gap
        painter.end()
