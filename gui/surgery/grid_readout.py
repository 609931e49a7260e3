"""The lines under the grid that say what is under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.surgery.grid_words import Reading

if TYPE_CHECKING:
    from gui.theme.theme import Theme


class GridReadout(QWidget):
    """Three lines of constant height, so that nothing jumps while the pointer moves."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._reading = Reading("", "", "", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme_changed)

    @property
    def text(self) -> str:
        """All that is shown, in one."""
        shown = self._reading
        heading = f"{shown.title}  {shown.code}".strip()
        return "\n".join(part for part in (heading, shown.click, shown.line, shown.more) if part)

    def set_reading(self, reading: Reading) -> None:
        """Show other words."""
        if reading != self._reading:
            self._reading = reading
            self.setAccessibleName(self.text)
            self.update()

    def sizeHint(self) -> QSize:
        """Return room for three lines."""
        return QSize(self._theme.pixels(260), self._theme.pixels(68))

    def minimumSizeHint(self) -> QSize:
        """Return room for three lines."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the lines, shortened to the width."""
        p, px = self._theme.palette, self._theme.pixels
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(p.surface))
        painter.setPen(QColor(p.border))
        painter.drawLine(0, 0, self.width(), 0)
        left, room = px(10), self.width() - px(20)
        title, code = self._theme.font(14, bold=True), self._theme.font(12, mono=True)
        painter.setFont(title)
        painter.setPen(QColor(p.text))
        painter.drawText(QPointF(left, px(21)), self._reading.title)
        after = left + QFontMetrics(title).horizontalAdvance(self._reading.title) + px(10)
        painter.setFont(code)
        painter.setPen(QColor(p.text_muted))
        painter.drawText(QPointF(after, px(21)), self._reading.code)
        after += QFontMetrics(code).horizontalAdvance(self._reading.code) + px(20)
        self._click(painter, QRectF(after, px(5), max(self.width() - px(10) - after, 0), px(20)))
        for text, color, size, base in (
            (self._reading.line, p.text, 14, 41),
            (self._reading.more, p.text_muted, 12, 59),
        ):
            font = self._theme.font(size)
            painter.setFont(font)
            painter.setPen(QColor(color))
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(left, px(base)), shown)

    def _click(self, painter: QPainter, room: QRectF) -> None:
        """Say at the right of the title what a click does."""
        font = self._theme.font(13)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.palette.accent))
        shown = QFontMetrics(font).elidedText(self._reading.click, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)

    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()
