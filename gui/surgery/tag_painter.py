"""Painting what a head was measured or guessed to be: letters in a corner of its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

if TYPE_CHECKING:
    from gui.theme.theme import Theme
    from gui.widgets.anatomy_words import Tag

SHARE, LEAST, LARGEST, INSET = 0.5, 9, 30, 3
# Beside what a cell shows already: smaller, and over its edge.
BESIDE, OVER = 0.34, 4
# In cells too small for a corner of theirs letters take all of it, or beside what else is there a part.
SMALL_BELOW, PART = 18, 0.45


class TagPainter:
    """Paints tags; what is known is a filled one, a guess only its outline, and signs tell right from wrong."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme

    def parted(self, box: QRectF) -> tuple[QRectF, QRectF]:
        """Return which part of a cell is a tag's, and which what else is there has; all of a larger one for both."""
        if not _is_small(box):
            return box, box
        width = box.width() * PART
        return box.adjusted(0, 0, width - box.width(), 0), box.adjusted(width, 0, 0, 0)

    def paint(self, painter: QPainter, box: QRectF, tag: Tag, *, beside: bool = False) -> None:
        """Paint a tag into the lower left corner of a cell, as large as the cell, or what it shows, allows."""
        p = self._theme.palette
        fill, ink, edge = {
            "label": (p.text, p.surface, p.surface),
            "guess": (p.surface, p.text, p.text),
            "right": (p.success, p.on_accent, p.surface),
            "wrong": (p.danger, p.on_accent, p.surface),
        }[tag.kind]
        painter.setPen(QPen(QColor(edge), 1.2))
        painter.setBrush(QColor(fill))
        pill, font = self._pill(box, tag, beside=beside)
        metrics = QFontMetricsF(font)
        advance = metrics.horizontalAdvance(tag.text)
        painter.drawRoundedRect(pill, pill.height() * 0.28, pill.height() * 0.28)
        painter.setFont(font)
        painter.setPen(QColor(ink))
        # Capitals in the middle; the room below the line that a font keeps would push them up.
        painter.drawText(pill.center() + QPointF(-advance / 2, metrics.capHeight() / 2), tag.text)

    def beside(self, box: QRectF, tag: Tag) -> float:
        """Return how much of a cell's width a tag takes from a number that is there too; nothing of a parted one."""
        return 0.0 if _is_small(box) else self._pill(box, tag, beside=True)[0].right() - box.left()

    def _pill(self, box: QRectF, tag: Tag, *, beside: bool) -> tuple[QRectF, QFont]:
        """Return where a tag stands, and its font."""
        small, scale = _is_small(box), self._theme.scale
        font = self._font(box, tag.text, 1.0 if small else BESIDE if beside else SHARE)
        if small:
            return QRectF(box), font
        metrics = QFontMetricsF(font)
        height = min(metrics.capHeight() + 3 * INSET, box.height())
        width = min(max(metrics.horizontalAdvance(tag.text) + 2 * INSET * scale, height), box.width())
        over = OVER if beside else 0
        return QRectF(box.left() - over / 2, box.bottom() - height + over, width, height), font

    def _font(self, box: QRectF, text: str, share: float) -> QFont:
        """Return the largest font between the limits in which the letters fit the cell."""
        font = self._theme.font(14, bold=True)
        largest = round(min(max(box.height() * share, LEAST), LARGEST * self._theme.scale))
        for size in range(largest, 6, -1):
            font.setPixelSize(size)
            if QFontMetricsF(font).horizontalAdvance(text) <= box.width() - 2:
                break
        return font


def _is_small(box: QRectF) -> bool:
    return min(box.width(), box.height()) < SMALL_BELOW
