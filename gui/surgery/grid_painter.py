"""Painting the grid: cells, marks, labels, crosshair and focus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF, QRegion

from gui.surgery.grid_cell_painter import CellPainter
from gui.surgery.grid_geometry import GridGeometry, Hit, fitted, label_step
from gui.surgery.grid_model import Cell, CellHeat, CellMark, GridModel
from gui.surgery.tag_painter import OVER, TagPainter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gui.theme.theme import Theme
    from gui.widgets.anatomy_words import Tag

OUTSIDE = ("embed", "logits")
LABEL, WIDE_LABEL = 12, 11
LARGE_FROM = 48
NEIGHBOURS = 48
RING = 4
WIDE_AT_MOST = 1.5
ARROW = 9


@dataclass
class GridLook:
    """What the grid shows at this moment.

    Attributes
    ----------
    geometry : GridGeometry or None
        None while there is no model.
    stroke : (cells, bool) or None
        The cells of a drag that is under way, and whether it adds.
    outlined : tuple of cell
        A rectangle that the next key or click means.
    closed : frozenset of cell
        Where a click can do nothing at the moment.
    inviting : bool
        Whether the cells that are not closed are lit up, because one of them is to be picked.
    paths : tuple of (cell, cell, str)
        From where to where a change is carried, and by which operation.
    swept : mapping of cell to CellHeat
        What a sweep found.
    tags : mapping of cell to Tag
        What heads were measured or guessed to be.
    across, down : int
        How far the cells are scrolled.
    """

    geometry: GridGeometry | None = None
    marks: Mapping[Cell, CellMark] = field(default_factory=dict)
    hover: Hit = field(default_factory=Hit)
    focus: Cell | None = None
    stroke: tuple[frozenset[Cell], bool] | None = None
    outlined: tuple[Cell, ...] = ()
    closed: frozenset[Cell] = frozenset()
    inviting: bool = False
    paths: tuple[tuple[Cell, Cell, str], ...] = ()
    swept: Mapping[Cell, CellHeat] = field(default_factory=dict)
    tags: Mapping[Cell, Tag] = field(default_factory=dict)
    operation: str = "silence"
    dose: str = ""
    across: int = 0
    down: int = 0

    def body(self) -> tuple[int, int]:
        """Return where the upper left cell stands in the viewport."""
        assert self.geometry is not None
        return self.geometry.left + self.geometry.label_width - self.across, self.geometry.header_height - self.down

    def rect(self, cell: Cell) -> QRect:
        """Return where a cell is in the viewport."""
        assert self.geometry is not None
        x, y, width, height = self.geometry.rect(cell)
        left, top = self.body()
        return QRect(left + x, top + y, width, height)


def leaving(box: QRectF, to: QPointF) -> QPointF:
    """Return where the line from the middle of a box to a point outside it crosses its edge."""
    way = QLineF(box.center(), to)
    across = max(abs(way.dx()) / (box.width() / 2), abs(way.dy()) / (box.height() / 2), 1.0)
    return way.pointAt(1 / across)


class GridPainter:
    """Measures and paints the grid in a theme."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._cells, self._tags = CellPainter(theme), TagPainter(theme)
        self._large, self._short = 0, False

    def fit(self, model: GridModel, width: int, height: int) -> GridGeometry:
        """Return the geometry for a viewport's size, with larger labels where cells are large.

        Where the names of the wide columns would take the room of the heads, their first letters stand there.
        """
        self._large, self._short = 0, False
        self._cells.forget()
        geometry = self._fitted(model, width, height)
        if geometry.wide_width > WIDE_AT_MOST * geometry.cell_width / self._span(model):
            self._short = True
            short = self._fitted(model, width, height)
            over = geometry.label_width + geometry.body_width > width
            if over or short.cell_width > geometry.cell_width:
                return short
            self._short = False
        if geometry.cell_width / self._span(model) >= self._theme.pixels(LARGE_FROM):
            self._large = 3
            geometry = self._fitted(model, width, height)
        return geometry

    def _span(self, model: GridModel) -> float:
        """Return how many query heads' cells a head column is as wide as."""
        return model.n_heads / model.head_columns

    def _font(self, size: float, *, bold: bool = False) -> QFont:
        return self._theme.font(size + self._large, bold=bold)

    def _fitted(self, model: GridModel, width: int, height: int) -> GridGeometry:
        labels, wide_labels = (
            QFontMetrics(self._font(LABEL, bold=True)),
            QFontMetrics(self._font(WIDE_LABEL, bold=True)),
        )
        names = [model.row_label(model.n_layers), *OUTSIDE]
        columns = range(model.head_columns, model.columns)
        wide = max(wide_labels.horizontalAdvance(self.column_label(model, column)) for column in columns)
        return fitted(
            model,
            width,
            height,
            scale=self._theme.scale,
            label_width=max(labels.horizontalAdvance(name) for name in names) + self._theme.pixels(16),
            header_height=labels.height() + self._theme.pixels(12),
            wide_label=wide + self._theme.pixels(6),
        )

    def column_label(self, model: GridModel, column: int) -> str:
        """Return what stands above a column: a number, a name, or the name's first letter."""
        label = model.column_label(column)
        return label[:1] if self._short and column >= model.head_columns else label

    def crosshair(self, look: GridLook, size: QRect) -> QRegion:
        """Return what the pointer lights up in a viewport of a size: a row, a column, and their labels."""
        region, g = QRegion(), look.geometry
        row, column = self._lit(look)
        if g is None:
            return region
        left, top = look.body()
        near = self._theme.pixels(NEIGHBOURS)
        if row is not None:
            y, height = top + g.row_y(row), g.cell_height
            region += QRect(0, y - RING, size.width(), height + 2 * RING)
            region += QRect(0, y - near, g.left + g.label_width, height + 2 * near)
        if column is not None:
            x, width = left + g.column_x(column), g.column_width(column)
            region += QRect(x - RING, 0, width + 2 * RING, size.height())
            region += QRect(x - near, 0, width + 2 * near, g.header_height)
        return region

    def paint(self, painter: QPainter, look: GridLook, area: QRect, size: QRect) -> None:
        """Paint what is seen in an area of a viewport of a size."""
        p, g = self._theme.palette, look.geometry
        painter.fillRect(area, QColor(p.surface))
        if g is None:
            return
        body = QRect(g.left + g.label_width - RING, g.header_height - RING, size.width(), size.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(body.intersected(area), Qt.ClipOperation.IntersectClip)
        self._bands(painter, look)
        self._body(painter, look, area.intersected(body))
        painter.restore()
        if area.top() < g.header_height:
            self._column_labels(painter, look, size)
        if area.left() < body.left() + RING:
            self._row_labels(painter, look, size)

    def _bands(self, painter: QPainter, look: GridLook) -> None:
        """Light up the row and the column under the pointer."""
        g, soft = look.geometry, QColor(self._theme.palette.accent_soft)
        assert g is not None
        left, top = look.body()
        half, width = g.gap // 2, g.body_width - g.gap
        if look.hover.row is not None:
            painter.fillRect(left, top + g.row_y(look.hover.row) - half, width, g.cell_height, soft)
        if look.hover.column is not None:
            x = left + g.column_x(look.hover.column) - half
            first = g.row_y(1) - half
            below = g.row_y(g.model.n_layers) + g.cell_height - g.gap
            painter.fillRect(x, top + first, g.column_width(look.hover.column), below - first, soft)

    def _body(self, painter: QPainter, look: GridLook, area: QRect) -> None:
        g = look.geometry
        assert g is not None
        left, top = look.body()
        columns = g.columns_in(area.left() - left, area.width())
        for row in g.rows_in(area.top() - top, area.height()):
            for column in columns if g.model.is_layer(row) else range(g.model.columns - 1, g.model.columns):
                self._cell(painter, look, (row, column))
        # Letters hang over the edge of their cell, onto what is painted after it.
        for row in g.rows_in(area.top() - top - OVER, area.height() + 2 * OVER):
            for column in columns:
                if (row, column) in look.tags:
                    self._tag(painter, look, (row, column))
        self._paths(painter, look)
        self._outline(painter, look)
        if look.focus is not None:
            self._ring(painter, look.rect(look.focus))

    def _cell(self, painter: QPainter, look: GridLook, cell: Cell) -> None:
        whole, mark = QRectF(look.rect(cell)), look.marks.get(cell)
        box, taken, hovered = whole, 0.0, cell == look.hover.cell
        if look.stroke is not None and cell in look.stroke[0]:
            if look.stroke[1]:
                self._cells.full(painter, box, look.operation, look.dose)
            else:
                self._cells.leaving(painter, box)
            return
        if cell in look.tags and self._shows_something(look, cell):
            box, taken = self._tags.parted(whole)[1], self._tags.beside(whole, look.tags[cell])
        closed, swept = cell in look.closed, look.swept.get(cell)
        if mark is not None:
            self._cells.marked(painter, box, mark, swept)
        elif swept is not None:
            self._cells.ground(painter, box, swept, taken)
        elif closed:
            self._cells.closed(painter, box)
        else:
            lit = look.inviting or cell[0] == look.hover.row or cell[1] == look.hover.column
            self._cells.empty(painter, box, lit)
        if hovered and not (closed or look.inviting or swept) and (mark is None or mark.coverage != "exact"):
            self._cells.ghost(painter, box, look.operation, over=mark is not None)
        if hovered and not closed:
            self._cells.lit(painter, whole)

    def _tag(self, painter: QPainter, look: GridLook, cell: Cell) -> None:
        """Write what a head was found to be, beside what else its cell shows."""
        box, beside = QRectF(look.rect(cell)), self._shows_something(look, cell)
        if look.stroke is not None and cell in look.stroke[0]:
            return
        if beside:
            box, _ = self._tags.parted(box)
        self._tags.paint(painter, box, look.tags[cell], beside=beside)

    def _shows_something(self, look: GridLook, cell: Cell) -> bool:
        mark = look.marks.get(cell)
        return cell in look.swept or (mark is not None and mark.coverage != "elsewhere")

    def _paths(self, painter: QPainter, look: GridLook) -> None:
        """Draw an arrow from every incision that is carried to one receiver."""
        size = self._theme.pixels(ARROW)
        for start, end, operation in look.paths:
            tip = QRectF(look.rect(end)).center()
            way = QLineF(leaving(QRectF(look.rect(start)), tip), tip)
            color = QColor(self._theme.palette.operation(operation))
            for width, ink in ((5.0, QColor(self._theme.palette.surface)), (2.0, color)):
                painter.setPen(QPen(ink, width * self._theme.scale, c=Qt.PenCapStyle.RoundCap))
                painter.drawLine(way)
            back = QLineF.fromPolar(size, way.angle() + 180).p2()
            side = QLineF.fromPolar(size / 2, way.angle() + 90).p2()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawPolygon(QPolygonF([tip, tip + back + side, tip + back - side]))
            painter.drawEllipse(QPointF(way.p1()), size / 3, size / 3)

    def _outline(self, painter: QPainter, look: GridLook) -> None:
        if len(look.outlined) < 2:
            return
        around = look.rect(look.outlined[0]).united(look.rect(look.outlined[-1]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self._theme.palette.accent), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(around).adjusted(-1, -1, 1, 1), 4, 4)

    def _ring(self, painter: QPainter, box: QRect) -> None:
        p = self._theme.palette
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for grow, color, width in ((0.5, p.surface, 1.5), (2.0, p.accent, 2.5)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawRoundedRect(QRectF(box).adjusted(-grow, -grow, grow, grow), 4, 4)

    def _column_labels(self, painter: QPainter, look: GridLook, size: QRect) -> None:
        p, g = self._theme.palette, look.geometry
        assert g is not None
        left, _ = look.body()
        start = g.left + g.label_width
        painter.save()
        painter.setClipRect(
            QRect(start - RING, 0, size.width(), g.header_height - RING), Qt.ClipOperation.IntersectClip
        )
        painter.fillRect(QRect(0, 0, size.width(), g.header_height - RING), QColor(p.surface))
        heads = g.model.head_columns
        metrics = QFontMetrics(self._font(LABEL))
        widest = metrics.horizontalAdvance(str(heads - 1)) + self._theme.pixels(6)
        step = label_step(g.cell_width, widest)
        lit = self._lit(look)[1]
        for column in g.columns_in(look.across, size.width()):
            crowded = lit is not None and 0 < abs(column - lit) * g.cell_width < widest and column < heads
            if column != lit and (crowded or (column < heads and column % step)):
                continue
            box = QRect(left + g.column_x(column) - g.gap // 2, 0, g.column_width(column), g.header_height - RING)
            label = self.column_label(g.model, column)
            shared = f"{label} {g.model.shared_label(column)}".strip()
            fits = metrics.horizontalAdvance(shared) + self._theme.pixels(12) < box.width()
            self._label(painter, box, shared if fits else label, column == lit, Qt.AlignmentFlag.AlignHCenter)
        painter.restore()

    def _row_labels(self, painter: QPainter, look: GridLook, size: QRect) -> None:
        p, g = self._theme.palette, look.geometry
        assert g is not None
        _, top = look.body()
        painter.save()
        painter.setClipRect(
            QRect(0, g.header_height - RING, g.left + g.label_width - RING, size.height()),
            Qt.ClipOperation.IntersectClip,
        )
        painter.fillRect(QRect(0, 0, g.left + g.label_width - RING, size.height()), QColor(p.surface))
        tall = QFontMetrics(self._font(LABEL)).height() + 1
        step = label_step(g.cell_height, tall)
        lit = self._lit(look)[0]
        for row in g.rows_in(look.down, size.height()):
            crowded = lit is not None and 0 < abs(g.row_y(row) - g.row_y(lit)) < tall
            if row != lit and (crowded or (g.model.is_layer(row) and (row - 1) % step)):
                continue
            box = QRect(g.left, top + g.row_y(row) - g.gap // 2, g.label_width - self._theme.pixels(6), g.cell_height)
            self._label(painter, box, g.model.row_label(row), row == lit, Qt.AlignmentFlag.AlignRight)
        painter.restore()

    def _lit(self, look: GridLook) -> tuple[int | None, int | None]:
        """Return the row and column whose labels stand out: the pointer's, else the focus'."""
        if look.hover != Hit() or look.focus is None:
            return look.hover.row, look.hover.column
        return look.focus

    def _label(self, painter: QPainter, box: QRect, text: str, lit: bool, align: Qt.AlignmentFlag) -> None:
        p = self._theme.palette
        painter.setFont(self._font(WIDE_LABEL if text.isupper() and not text[-1:].isdigit() else LABEL, bold=lit))
        metrics = painter.fontMetrics()
        width, height = metrics.horizontalAdvance(text) + self._theme.pixels(8), metrics.height() + 2
        x = box.right() - width + 1 if align == Qt.AlignmentFlag.AlignRight else box.center().x() - width // 2 + 1
        pill = QRect(x, box.center().y() - height // 2 + 1, width, height)
        if lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(p.accent))
            painter.drawRoundedRect(pill, 4, 4)
        painter.setPen(QColor(p.on_accent if lit else p.text_muted))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
