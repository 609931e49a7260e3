"""Painting one cell of the grid: empty, cut here, cut elsewhere, off, or not applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from gui.surgery.heat_painter import HeatPainter, shape
from gui.surgery.incision_words import dose_words, operation_mark

if TYPE_CHECKING:
    from gui.surgery.grid_model import CellHeat, CellMark
    from gui.theme.theme import Theme

DOSE_FROM, DOSE_ACROSS, COUNT_FROM, MARK_FROM = 38, 26, 20, 10
LEAST_LINE, LINE_MARGIN = 9, 2


class CellPainter:
    """Paints single cells in a theme."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._tiles: dict[tuple[float, float, bool, float], QPixmap] = {}
        self.heat = HeatPainter(theme)

    def empty(self, painter: QPainter, box: QRectF, lit: bool = False) -> None:
        """Paint a cell that nothing is done at: there are many, so each size is drawn only once."""
        ratio = painter.device().devicePixelRatioF()
        key = (box.width(), box.height(), lit, ratio)
        if key not in self._tiles:
            self._tiles[key] = self._tile(box.width(), box.height(), lit, ratio)
        painter.drawPixmap(box.topLeft(), self._tiles[key])

    def forget(self) -> None:
        """Draw everything anew: sizes or colours are different now."""
        self._tiles.clear()
        self.heat.forget()

    def _tile(self, width: float, height: float, lit: bool, ratio: float) -> QPixmap:
        p, box = self._theme.palette, QRectF(0, 0, width, height)
        tile = QPixmap(round(width * ratio), round(height * ratio))
        tile.setDevicePixelRatio(ratio)
        tile.fill(Qt.GlobalColor.transparent)
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._fill(painter, box, QColor(p.accent_soft if lit else p.sunken))
        if min(width, height) >= COUNT_FROM:
            self._edge(painter, box, QColor(p.border), Qt.PenStyle.SolidLine)
        painter.end()
        return tile

    def full(self, painter: QPainter, box: QRectF, operation: str, dose: str) -> None:
        """Paint a cell that is cut at just the chosen tokens."""
        p = self._theme.palette
        self._fill(painter, box, QColor(p.operation(operation)))
        self._sign(painter, box, operation_mark(operation), dose, QColor(p.on_accent))

    def ground(self, painter: QPainter, box: QRectF, swept: CellHeat | None, taken: float = 0.0) -> None:
        """Paint what a sweep found at a cell, right of so much width that is taken, or an empty one."""
        if swept is None:
            self.empty(painter, box)
        else:
            self.heat.paint(painter, box, swept, taken)

    def leaving(self, painter: QPainter, box: QRectF) -> None:
        """Paint a cell whose incision is being taken off."""
        self.empty(painter, box)
        self._edge(painter, box, QColor(self._theme.palette.border_strong), Qt.PenStyle.DotLine)

    def closed(self, painter: QPainter, box: QRectF) -> None:
        """Paint a cell where a click can do nothing at the moment, whatever is lit up around it."""
        self._fill(painter, box, QColor(self._theme.palette.surface))
        self._edge(painter, box, QColor(self._theme.palette.border), Qt.PenStyle.SolidLine)

    def ghost(self, painter: QPainter, box: QRectF, operation: str, *, over: bool) -> None:
        """Hint at what a click would do."""
        if not over:
            color = self._theme.color(self._theme.palette.operation(operation), 150)
            self._sign(painter, box, operation_mark(operation), "", color)

    def lit(self, painter: QPainter, box: QRectF) -> None:
        """Outline the cell under the pointer."""
        self._edge(painter, box, QColor(self._theme.palette.accent), Qt.PenStyle.SolidLine, 2.0)

    def marked(self, painter: QPainter, box: QRectF, mark: CellMark, swept: CellHeat | None = None) -> None:
        """Paint a cell that has incisions, over what a sweep found there."""
        incision = mark.incision
        color = QColor(self._theme.palette.operation(incision.operation))
        if not mark.own:
            self._beside(painter, box, mark, color, swept)
        elif mark.coverage == "exact" and incision.enabled and not incision.problem:
            self.full(painter, box, incision.operation, dose_words(incision.operation, incision.params))
        elif mark.coverage == "elsewhere" and not incision.problem:
            self.ground(painter, box, swept)
            self._corner(painter, box, color, filled=incision.enabled)
        else:
            self._partly(painter, box, mark, color)
        if incision.problem:
            self._warning(painter, box)
        if mark.count > 1 and min(box.width(), box.height()) >= COUNT_FROM:
            self._count(painter, box, mark.count)

    def _beside(
        self, painter: QPainter, box: QRectF, mark: CellMark, color: QColor, swept: CellHeat | None = None
    ) -> None:
        """Paint an incision at another hook point than the cell stands for: the hook point's letters say which."""
        self.ground(painter, box, swept if mark.coverage == "elsewhere" else None)
        room = box
        if mark.coverage == "elsewhere" and swept is not None:
            self._corner(painter, box, color, filled=mark.incision.enabled)
            return
        if mark.coverage == "elsewhere":
            self._corner(painter, box, color, filled=mark.incision.enabled)
            room = box.adjusted(0, 0, -box.width() * 0.3, 0)
        else:
            tint = QColor(color)
            tint.setAlpha(50 if mark.incision.enabled else 120)
            on = Qt.BrushStyle.SolidPattern if mark.incision.enabled else Qt.BrushStyle.BDiagPattern
            painter.fillPath(shape(box), QBrush(tint, on))
        if min(box.width(), box.height()) >= MARK_FROM:
            together, size = self.one_line(room.width(), box.height(), "", "\N{MIDDLE DOT}".join(mark.signs))
            font = self._theme.font(14, bold=True)
            font.setPixelSize(size)
            painter.setFont(font)
            painter.setPen(color)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, together or mark.signs[0][:1])

    def _partly(self, painter: QPainter, box: QRectF, mark: CellMark, color: QColor) -> None:
        """Paint an incision at some of the chosen tokens, or one that is off or not applied."""
        self.empty(painter, box)
        idle = not mark.incision.enabled or bool(mark.incision.problem)
        pattern = Qt.BrushStyle.BDiagPattern if idle else Qt.BrushStyle.SolidPattern
        tint = QColor(color)
        tint.setAlpha(120 if idle else 70)
        painter.fillPath(shape(box), QBrush(tint, pattern))
        self._edge(painter, box, color, Qt.PenStyle.DashLine if mark.incision.problem else Qt.PenStyle.SolidLine, 1.5)
        if mark.coverage == "overlap":
            self._corner(painter, box, color, filled=not idle)
        self._sign(painter, box, operation_mark(mark.incision.operation), "", color, halo=idle)

    def _fill(self, painter: QPainter, box: QRectF, color: QColor) -> None:
        if min(box.width(), box.height()) < 16:
            painter.fillRect(box, color)
        else:
            painter.fillPath(shape(box), color)

    def _edge(self, painter: QPainter, box: QRectF, color: QColor, style: Qt.PenStyle, width: float = 1.0) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, width, style))
        inside = width / 2
        painter.drawPath(shape(box.adjusted(inside, inside, -inside, -inside)))

    def _corner(self, painter: QPainter, box: QRectF, color: QColor, *, filled: bool) -> None:
        size = max(min(box.width(), box.height()) * 0.45, 5.0)
        corner = box.bottomRight()
        triangle = QPolygonF([corner - QPointF(size, 0), corner - QPointF(0, size), corner])
        painter.save()
        painter.setClipPath(shape(box), Qt.ClipOperation.IntersectClip)
        painter.setPen(QPen(color, 1.2))
        painter.setBrush(QBrush(color, Qt.BrushStyle.SolidPattern if filled else Qt.BrushStyle.Dense6Pattern))
        painter.drawPolygon(triangle)
        painter.restore()

    def one_line(self, width: float, height: float, sign: str, dose: str) -> tuple[str, int]:
        """Return what a cell too low for two lines says, and how large: mark and dose, else the dose, else the mark."""
        room = width - 2 * LINE_MARGIN * self._theme.scale
        largest, least = round(min(width, height) * 0.62), round(LEAST_LINE * self._theme.scale)
        font = self._theme.font(14, bold=True)
        for text in (f"{sign}{dose}", dose) if dose else ():
            for size in range(largest, least - 1, -1):
                font.setPixelSize(size)
                if QFontMetricsF(font).horizontalAdvance(text) <= room:
                    return text, size
        return sign, max(largest, 9)

    def _sign(self, painter: QPainter, box: QRectF, sign: str, dose: str, color: QColor, *, halo: bool = False) -> None:
        side = min(box.width(), box.height())
        if side < MARK_FROM:
            return
        scale = self._theme.scale
        with_dose = bool(dose) and box.height() >= DOSE_FROM * scale and box.width() >= DOSE_ACROSS * scale
        font = self._theme.font(14, bold=True)
        if with_dose:
            font.setPixelSize(max(round(side * 0.42), 9))
        else:
            sign, size = self.one_line(box.width(), box.height(), sign, dose)
            font.setPixelSize(size)
        painter.setFont(font)
        place = box.adjusted(0, 0, 0, -box.height() * 0.36) if with_dose else box
        if halo:
            painter.setPen(QPen(QColor(self._theme.palette.sunken), 4))
            ground = QPainterPath()
            metrics = painter.fontMetrics()
            left = place.center().x() - metrics.horizontalAdvance(sign) / 2
            ground.addText(left, place.center().y() + (metrics.ascent() - metrics.descent()) / 2, font, sign)
            painter.drawPath(ground)
        painter.setPen(color)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, sign)
        if with_dose:
            font.setPixelSize(max(round(min(side * 0.27, box.width() / max(len(dose), 1) * 1.4)), 9))
            painter.setFont(font)
            painter.drawText(box.adjusted(0, box.height() * 0.5, 0, -2), Qt.AlignmentFlag.AlignCenter, dose)

    def _count(self, painter: QPainter, box: QRectF, count: int) -> None:
        p, size = self._theme.palette, max(min(box.width(), box.height()) * 0.42, 11.0)
        disc = QRectF(box.right() - size + 2, box.top() - 2, size, size)
        painter.setPen(QPen(QColor(p.surface), 1))
        painter.setBrush(QColor(p.text))
        painter.drawEllipse(disc)
        font = self._theme.font(10, bold=True)
        font.setPixelSize(max(round(size * 0.72), 8))
        painter.setFont(font)
        painter.setPen(QColor(p.surface))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(count))

    def _warning(self, painter: QPainter, box: QRectF) -> None:
        size = max(min(box.width(), box.height()) * 0.36, 8.0)
        place = QRectF(box.left() - 1, box.top() - 1, size, size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.palette.warning))
        painter.drawPolygon(
            QPolygonF([place.bottomLeft(), QPointF(place.center().x(), place.top()), place.bottomRight()])
        )
