"""Draws a row of the prediction table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.widgets.number_format import percent, signed, whole
from gui.widgets.prediction_layout import (
    COMPACT_ROW_HEIGHT,
    NUMBER_SIZE,
    ROW_HEIGHT,
    SMALL_SIZE,
    TEXT_SIZE,
    Columns,
    columns,
    scale_end,
)
from gui.widgets.prediction_model import ROW_ROLE, SAME, PredictionModel, PredictionRow

if TYPE_CHECKING:
    from gui.theme.theme import Theme

RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class PredictionDelegate(QStyledItemDelegate):
    """Paints rank, token, the two bars and their numbers, and what changed."""

    def __init__(self, theme: Theme, model: PredictionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._model = model
        self.compact = False

    def sizeHint(  # noqa: D102
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(self.theme.pixels(280), self.height)

    @property
    def height(self) -> int:
        """The height of a row."""
        return self.theme.pixels(COMPACT_ROW_HEIGHT if self.compact else ROW_HEIGHT)

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.paint_row(painter, option.rect, index.data(ROW_ROLE), option.state, width=option.rect.width())

    def paint_row(
        self,
        painter: QPainter,
        rect: QRect,
        row: PredictionRow,
        state: QStyle.StateFlag = QStyle.StateFlag.State_None,
        *,
        width: int,
    ) -> None:
        """Paint a row whose columns stand as in a table of this width."""
        area = QRectF(rect)
        laid = columns(self.theme, width, self._model.rows)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_back(painter, area, row, state)
        self._paint_words(painter, area, row, laid)
        self._paint_bars(painter, area, row, laid)
        painter.restore()

    def _paint_back(self, painter: QPainter, area: QRectF, row: PredictionRow, state: QStyle.StateFlag) -> None:
        p = self.theme.palette
        back = p.accent_soft if row.target else p.surface
        if state & QStyle.StateFlag.State_MouseOver and not row.target:
            back = p.raised
        painter.fillRect(area, QColor(back))
        if row.target:
            painter.fillRect(QRectF(area.left(), area.top(), self.theme.pixels(4), area.height()), QColor(p.accent))
        if state & QStyle.StateFlag.State_HasFocus:
            pen = QPen(QColor(p.accent), 2)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 5, 5)
        else:
            painter.setPen(QColor(p.border))
            painter.drawLine(area.bottomLeft(), area.bottomRight())

    def _paint_words(self, painter: QPainter, area: QRectF, row: PredictionRow, laid: Columns) -> None:
        theme, p = self.theme, self.theme.palette
        top, height = area.top(), area.height()
        strong = p.text_muted if row.left else p.text
        small, number = theme.font(SMALL_SIZE), theme.font(NUMBER_SIZE, bold=not row.left)
        token = theme.font(TEXT_SIZE, bold=row.target)
        moved = laid.area("movement", top, height)
        self._text(painter, laid.area("rank", top, height), whole(row.operated.rank), small, p.text_muted, RIGHT)
        room = laid.area("token", top, height)
        shown = QFontMetricsF(token).elidedText(row.text, Qt.TextElideMode.ElideRight, room.width())
        self._text(painter, room, shown, token, strong, LEFT)
        if not (change := laid.area("change", top, height)).isEmpty():
            self._text(painter, change, signed(row.log_prob_change, 2), number, strong, RIGHT)
        word = row.entered or row.left or row.movement == SAME
        quiet = row.left or row.movement == SAME
        self._text(painter, moved, row.movement, small if word else number, p.text_muted if quiet else p.text, RIGHT)

    def _paint_bars(self, painter: QPainter, area: QRectF, row: PredictionRow, laid: Columns) -> None:
        theme, p = self.theme, self.theme.palette
        end = scale_end(self._model.largest)
        thick, middle = theme.pixels(9), area.center().y()
        half = area.height() / 2
        sides = (
            (row.clean.prob, p.clean, middle - thick - 1.5, area.top() + theme.pixels(1), p.text_muted),
            (row.operated.prob, p.operated, middle + 1.5, middle - theme.pixels(1), p.text),
        )
        for probability, color, top, text_top, ink in sides:
            room = laid.area("bars", top, thick)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(p.sunken))
            painter.drawRoundedRect(room, 2, 2)
            filled = QRectF(room)
            filled.setWidth(max(min(probability / end, 1.0) * room.width(), 2.0))
            painter.setBrush(theme.color(color, 110 if row.left else 255))
            painter.drawRoundedRect(filled, 2, 2)
            number = laid.area("prob", text_top, half)
            self._text(painter, number, percent(probability), theme.font(SMALL_SIZE), ink, RIGHT)

    def _text(
        self, painter: QPainter, area: QRectF, text: str, font: QFont, color: str, side: Qt.AlignmentFlag
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(color))
        painter.drawText(area, side, text)
