"""What a panel shows when there is nothing to draw: a quiet picture and one sentence that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from gui.theme.theme import Theme

Picture = Literal["curve", "bars", "lines"]
ICON = 44
TEXT_WIDTH = 440


class EmptyState(QWidget):
    """A centred picture and an explanatory sentence.

    Parameters
    ----------
    picture : {"curve", "bars", "lines"}
        Drawn above the sentence, where the height allows it.
    """

    def __init__(self, theme: Theme, picture: Picture = "curve", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.picture = picture
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def text(self) -> str:
        """The sentence shown."""
        return self._text

    def show_text(self, text: str) -> None:
        """Show a sentence."""
        self._text = text
        self.setAccessibleName(text)
        self.setToolTip("")
        self.update()

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(160), self.theme.pixels(64))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        theme = self.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.palette.surface))
        painter.setFont(theme.font(15))
        width = min(self.width() - theme.pixels(32), theme.pixels(TEXT_WIDTH))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        needed = painter.boundingRect(QRectF(0, 0, width, 10_000), int(flags), self._text).height()
        icon, gap = theme.pixels(ICON), theme.pixels(14)
        with_icon = icon + gap + needed <= self.height() - theme.pixels(16)
        top = (self.height() - needed - (icon + gap if with_icon else 0)) / 2
        if with_icon:
            self._paint_picture(painter, QRectF((self.width() - icon) / 2, top, icon, icon))
            top += icon + gap
        painter.setPen(QColor(theme.palette.text_muted))
        painter.drawText(QRectF((self.width() - width) / 2, top, width, needed + 2), int(flags), self._text)
        painter.end()

    def _paint_picture(self, painter: QPainter, area: QRectF) -> None:
        p = self.theme.palette
        unit = area.width() / 44

        def at(x: float, y: float) -> QPointF:
            return QPointF(area.x() + x * unit, area.y() + y * unit)

        pen = QPen(QColor(p.border_strong), 2 * unit)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if self.picture == "curve":
            painter.drawPolyline(QPolygonF([at(4, 4), at(4, 40), at(40, 40)]))
            painter.drawPolyline(QPolygonF([at(11, 31), at(20, 24), at(28, 27), at(38, 10)]))
            painter.setBrush(QColor(p.surface))
            for x, y in ((11, 31), (20, 24), (28, 27), (38, 10)):
                painter.drawEllipse(at(x, y), 3 * unit, 3 * unit)
            return
        if self.picture == "lines":
            for y, end in ((8, 40), (18, 34), (28, 40), (38, 20)):
                painter.drawLine(at(4, y), at(end, y))
            return
        painter.drawLine(at(6, 4), at(6, 40))
        for y, length in ((9, 30), (22, 20), (35, 10)):
            painter.drawRoundedRect(QRectF(at(6, y - 4), at(6 + length, y + 4)), 2 * unit, 2 * unit)
