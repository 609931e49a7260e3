"""Painting one row of the plan list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractScrollArea, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.surgery.plan_model import IN_HAND
from gui.surgery.plan_row import TO, PlanRow

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QPersistentModelIndex

    from gui.theme.theme import Theme

HEIGHT, LINE = 28, 18
HELD = 3


class PlanDelegate(QStyledItemDelegate):
    """Paints checkbox, mark, a line and two buttons, and below them warning and remark; knows where they are."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def check_box(self, row: QRect) -> QRect:
        """Return where the checkbox of a row is."""
        px = self._theme.pixels
        return QRect(row.left() + px(10), row.center().y() - px(9), px(18), px(18))

    def remove_box(self, row: QRect) -> QRect:
        """Return where the remove button of a row is."""
        px = self._theme.pixels
        return QRect(row.right() - px(34), row.center().y() - px(13), px(26), px(26))

    def more_box(self, row: QRect) -> QRect:
        """Return where the button is that offers more."""
        return self.remove_box(row).translated(-self._theme.pixels(26), 0)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return one line's height, and another one's for a warning and a remark each."""
        row = index.data(Qt.ItemDataRole.UserRole)
        more = bool(row.warning) + bool(row.remark) if isinstance(row, PlanRow) else 0
        return QSize(self._theme.pixels(200), self._theme.pixels(HEIGHT + more * LINE))

    def whole(self, row: QRect, room: QRect) -> bool:
        """Whether a row is seen to its end, or begins where what is seen begins: others are not painted."""
        return row.bottom() <= room.bottom() or row.top() <= room.top()

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one row."""
        row, state = index.data(Qt.ItemDataRole.UserRole), option.state
        box: QRect = option.rect
        view = option.widget
        seen = not isinstance(view, QAbstractScrollArea) or self.whole(box, view.viewport().rect())
        if not isinstance(row, PlanRow) or not seen:
            return
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        focused = selected and isinstance(view, QWidget) and view.hasFocus()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, box, selected, hovered, focused)
        if index.data(IN_HAND):
            self._held(painter, box, selected)
        self._check(painter, self.check_box(box), row.enabled)
        px = self._theme.pixels
        badge = QRectF(box.left() + px(36), box.center().y() - px(13), px(26), px(26))
        self._badge(painter, badge, row)
        end = px(66) if selected or hovered else px(10)
        self._lines(painter, box.adjusted(px(66), 0, -end, 0), row)
        if selected or hovered:
            self._cross(painter, self.remove_box(box))
            self._dots(painter, self.more_box(box))
        painter.restore()

    def _ground(self, painter: QPainter, box: QRect, selected: bool, hovered: bool, focused: bool) -> None:
        p = self._theme.palette
        inner = QRectF(box).adjusted(3, 1, -3, -1)
        painter.setPen(QPen(QColor(p.accent), 2) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(p.accent_soft if selected else p.raised if hovered else p.surface))
        painter.drawRoundedRect(inner, 6, 6)

    def _held(self, painter: QPainter, box: QRect, selected: bool) -> None:
        """Tint a row that the dose control edits, with a bar at its left."""
        p, inner = self._theme.palette, QRectF(box).adjusted(3, 1, -3, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if not selected:
            painter.setBrush(QColor(p.accent_soft))
            painter.drawRoundedRect(inner, 6, 6)
        painter.setBrush(QColor(p.accent))
        painter.drawRoundedRect(
            QRectF(inner.left(), inner.top() + 3, self._theme.pixels(HELD), inner.height() - 6), 1, 1
        )

    def _check(self, painter: QPainter, box: QRect, checked: bool) -> None:
        p = self._theme.palette
        square = QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(p.accent if checked else p.text_faint), 1.5))
        painter.setBrush(QColor(p.accent if checked else p.surface))
        painter.drawRoundedRect(square, 4, 4)
        if checked:
            x, y, side = square.x(), square.y(), square.width()
            painter.setPen(QPen(QColor(p.on_accent), max(side * 0.13, 2)))
            tick = [(0.24, 0.52), (0.43, 0.72), (0.77, 0.31)]
            painter.drawPolyline(QPolygonF([QPointF(x + a * side, y + b * side) for a, b in tick]))

    def _badge(self, painter: QPainter, box: QRectF, row: PlanRow) -> None:
        p = self._theme.palette
        color = QColor(p.operation(row.operation))
        working = row.enabled
        painter.setPen(Qt.PenStyle.NoPen if working else QPen(color, 1.5))
        painter.setBrush(color if working else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 5, 5)
        painter.setFont(self._theme.font(15, bold=True))
        painter.setPen(QColor(p.on_accent) if working else color)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, row.mark)

    def _lines(self, painter: QPainter, box: QRect, row: PlanRow) -> None:
        """Write place and operation on one line, and below it a warning and a remark."""
        p, px = self._theme.palette, self._theme.pixels
        words, code = self._theme.font(13), self._theme.font(13, mono=True)
        bold = self._theme.font(13, bold=True, mono=True)
        upper = QRect(box.left(), box.top(), box.width(), px(HEIGHT))
        site, _, where = row.place.partition(" @ ")
        doing = row.doing if row.enabled else f"{row.doing} (off)"
        gap = px(12)
        wanted = min(QFontMetrics(words).horizontalAdvance(doing) + gap, upper.width() // 2)
        ink = QColor(p.text if row.enabled else p.text_muted)
        place = upper.adjusted(0, 0, -wanted, 0)
        used = self._write(painter, place, site, bold, ink)
        if row.receiver:
            carried = f" {TO} {row.receiver}"
            used += self._write(painter, place.adjusted(used, 0, 0, 0), carried, bold, QColor(p.accent))
        used += self._write(painter, place.adjusted(used, 0, 0, 0), f" @ {where}", code, ink)
        self._write(painter, upper.adjusted(used + gap, 0, 0, 0), doing, words, QColor(p.text_muted))
        lower = QRect(box.left(), upper.bottom() + 1 - px(4), box.width(), px(LINE + 1))
        if row.warning:
            sign = px(14)
            self._warning(painter, QRectF(lower.left(), lower.center().y() - sign / 2, sign, sign))
            self._write(painter, lower.adjusted(sign + px(5), 0, 0, 0), row.warning, words, QColor(p.warning))
            lower.translate(0, px(LINE))
        if row.remark:
            self._write(painter, lower, row.remark, words, QColor(p.text_muted))

    def _write(self, painter: QPainter, box: QRect, text: str, font: QFont, ink: QColor) -> int:
        """Write a line, shortened to its box; return its width."""
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(box.width(), 0))
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        return metrics.horizontalAdvance(shown)

    def _warning(self, painter: QPainter, box: QRectF) -> None:
        p = self._theme.palette
        painter.setPen(QPen(QColor(p.warning), 1.5, j=Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(QColor(p.warning))
        top = QPointF(box.center().x(), box.top() + 1)
        painter.drawPolygon(QPolygonF([box.bottomLeft(), top, box.bottomRight()]))
        painter.setFont(self._theme.font(10, bold=True))
        painter.setPen(QColor(p.surface))
        painter.drawText(box.adjusted(0, 3, 0, 2), Qt.AlignmentFlag.AlignCenter, "!")

    def _cross(self, painter: QPainter, box: QRect) -> None:
        arm = self._theme.pixels(5)
        middle = QRectF(box).center()
        painter.setPen(QPen(QColor(self._theme.palette.text_muted), 2))
        for lean in (1, -1):
            painter.drawLine(middle - QPointF(arm, lean * arm), middle + QPointF(arm, lean * arm))

    def _dots(self, painter: QPainter, box: QRect) -> None:
        apart, radius = self._theme.pixels(5), self._theme.scale * 1.6
        middle = QRectF(box).center()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.palette.text_muted))
        for step in (-1, 0, 1):
            painter.drawEllipse(middle + QPointF(step * apart, 0), radius, radius)
