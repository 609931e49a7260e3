"""Numbers by row and column as colours, and how they are painted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QImage, QPainter, QPen

from gui.theme.heat import heat, heat_ink
from gui.widgets.number_format import MINUS, plain, signed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gui.theme.theme import Theme

Cell = tuple[int, int]
"""Row and column."""

LABEL, SMALLEST_SIGN, SMALLEST_LINE, LARGEST_CELL = 12, 9, 5, 150
LEAST_LETTERS, LEAST_SHARE = 5, 0.05
HATCHING = 90
STEPS = (1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 200, 500, 1000)


@dataclass(frozen=True, kw_only=True, eq=False)
class Heat:
    """Numbers by row and column, and how they are drawn.

    Attributes
    ----------
    values : ndarray of float64, shape [row, column]
        NaN where there is no number, or none yet.
    there : ndarray of bool, shape [row, column]
        Whether there is such a cell.
    estimated : ndarray of bool, shape [row, column]
        Whether a number is only an estimate, which is hatched.
    rows, columns : tuple of str
        Labels. Where one is too wide, its first word stands alone.
    row_title, column_title : str
    limit : float
        The largest number whose colour is told apart.
    signed : bool
        Whether there are numbers below zero.
    """

    values: NDArray[np.float64]
    there: NDArray[np.bool_]
    estimated: NDArray[np.bool_]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_title: str
    column_title: str
    limit: float
    signed: bool = True

    def stands_as(self, other: Heat) -> bool:
        """Return whether another map has the same cells, labels and scale."""
        mine, theirs = (
            (each.rows, each.columns, each.row_title, each.column_title, each.limit, each.signed)
            for each in (self, other)
        )
        return mine == theirs and np.array_equal(self.there, other.there)

    def changed(self, other: Heat) -> NDArray[np.intp]:
        """Return the cells [cell, (row, column)] that look otherwise in a map that stands as this one."""
        same = (self.values == other.values) | (np.isnan(self.values) & np.isnan(other.values))
        return np.argwhere(~(same & (self.estimated == other.estimated)))

    def colors(self, theme: Theme) -> NDArray[np.uint8]:
        """Return the colour of every cell, [row, column, 3]; the panel's ground where there is no number."""
        made = heat(theme.palette, self.values / (self.limit or 1.0), signed=self.signed)
        ground = QColor(theme.palette.surface)
        made[np.isnan(self.values)] = (ground.red(), ground.green(), ground.blue())
        return made


@dataclass(frozen=True)
class Place:
    """Where the cells of a map stand in a widget.

    Attributes
    ----------
    area : QRectF
        Of all cells together.
    rows, columns : int
    titled : bool
        Whether there is room for the names of the axes.
    """

    area: QRectF
    rows: int
    columns: int
    titled: bool

    def rect(self, cell: Cell) -> QRectF:
        """Return where a cell is."""
        across, down = self.area.width() / self.columns, self.area.height() / self.rows
        return QRectF(self.area.left() + cell[1] * across, self.area.top() + cell[0] * down, across, down)

    def cell_at(self, point: QPointF) -> Cell | None:
        """Return the cell at a point."""
        if not self.area.contains(point):
            return None
        row = int((point.y() - self.area.top()) / self.area.height() * self.rows)
        column = int((point.x() - self.area.left()) / self.area.width() * self.columns)
        return min(row, self.rows - 1), min(column, self.columns - 1)


def placed(shown: Heat, width: int, height: int, theme: Theme) -> Place:
    """Return where the cells of a map stand in a widget of a size, with its labels left of and above them."""
    px, metrics = theme.pixels, QFontMetrics(theme.font(LABEL))
    rows, columns = shown.values.shape
    labels = max((metrics.horizontalAdvance(label) for label in shown.rows), default=0) + px(18)
    left, line = min(labels, width // 3), metrics.height()
    titled = height > line * (rows + 2) + px(16)
    top = (2 if titled else 1) * line + px(8)
    room_across, room_down = max(width - left - px(12), 1), max(height - top - px(8), 1)
    most = px(LARGEST_CELL)
    return Place(
        QRectF(left, top, min(room_across, most * columns), min(room_down, most * rows)), rows, columns, titled
    )


class HeatPainting:
    """Paints a map in a theme.

    Parameters
    ----------
    cell_by_cell : bool
        Whether every cell is a rectangle of its own, for files that are enlarged.
    """

    def __init__(self, theme: Theme, *, cell_by_cell: bool = False) -> None:
        self._theme, self._cell_by_cell = theme, cell_by_cell

    def cells(self, painter: QPainter, shown: Heat, colors: NDArray[np.uint8], place: Place) -> None:
        """Paint the colours, and what is hatched."""
        p, area, (rows, columns) = self._theme.palette, place.area, shown.values.shape
        if self._cell_by_cell:
            for cell in np.ndindex(rows, columns):
                painter.fillRect(place.rect(cell), QColor(*colors[cell].tolist()))
        else:
            data = np.ascontiguousarray(colors)
            image = QImage(data.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
            painter.drawImage(area, image)
        across, down = area.width() / columns, area.height() / rows
        painter.setPen(Qt.PenStyle.NoPen)
        for row in np.flatnonzero(shown.estimated.any(axis=1)).tolist():
            inks = [heat_ink(colors[row, column]) if shown.estimated[row, column] else "" for column in range(columns)]
            for ink, run in groupby(range(columns), inks.__getitem__):
                if ink:
                    places = list(run)
                    box = QRectF(area.left() + places[0] * across, area.top() + row * down, len(places) * across, down)
                    painter.fillRect(box, QBrush(self._theme.color(ink, HATCHING), Qt.BrushStyle.BDiagPattern))
        painter.setPen(QPen(QColor(p.surface), 1))
        if across >= self._theme.pixels(SMALLEST_LINE):
            for column in range(columns + 1):
                x = area.left() + column * across
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if down >= self._theme.pixels(SMALLEST_LINE):
            for row in range(rows + 1):
                y = area.top() + row * down
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(QPen(QColor(p.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)

    def words(
        self, painter: QPainter, shown: Heat, colors: NDArray[np.uint8], place: Place, seen: QRectF | None = None
    ) -> None:
        """Write the number into a cell where it fits, else its sign, so that no colour stands alone.

        Parameters
        ----------
        seen : QRectF or None
            Only in cells that reach into it; None for all.
        """
        one, font = place.rect((0, 0)), self._theme.font(LABEL)
        metrics, room = QFontMetrics(font), one.width() - self._theme.pixels(6)
        write = signed if shown.signed else plain
        # At digits at which the greatest is nearly nothing, the sign says more.
        told = [d for d in (3, 2, 1) if round(shown.limit, d)]
        fits = (d for d in told if metrics.horizontalAdvance(signed(-shown.limit, d)) < room)
        digits = next(fits, 0) if one.height() >= metrics.height() else 0
        if min(one.width(), one.height()) < self._theme.pixels(SMALLEST_SIGN):
            return
        font.setPixelSize(min(font.pixelSize(), int(one.height())))
        painter.setFont(font)
        for row, column in np.argwhere(~np.isnan(shown.values)):
            box = place.rect((int(row), int(column)))
            if seen is not None and not box.intersects(seen):
                continue
            value = float(shown.values[row, column])
            weak = abs(value) < LEAST_SHARE * shown.limit
            words = write(value, digits) if digits else "" if weak or not shown.signed else "+" if value > 0 else MINUS
            painter.setPen(QColor(heat_ink(colors[row, column])))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def labels(self, painter: QPainter, shown: Heat, place: Place, lit: Cell | None) -> None:
        """Write the names of axes, rows and columns; those of one cell stand out."""
        p, px, area = self._theme.palette, self._theme.pixels, place.area
        one, font = place.rect((0, 0)), self._theme.font(LABEL)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(QColor(p.text_muted))
        title = f"{shown.row_title} \N{DOWNWARDS ARROW}   {shown.column_title} \N{RIGHTWARDS ARROW}"
        if place.titled:
            painter.drawText(QPointF(px(10), metrics.ascent() + px(2)), title)
        lit_row, lit_column = (None, None) if lit is None else lit
        step = _step(one.height(), metrics.height() + 1)
        for row, label in enumerate(shown.rows):
            if _left_out(row, lit_row, step):
                continue
            box = QRectF(px(4), area.top() + row * one.height(), area.left() - px(10), one.height())
            self._label(painter, box, label, row == lit_row, Qt.AlignmentFlag.AlignRight)
        words = _narrowed(shown.columns, metrics, int(one.width() - px(6)))
        step = _step(one.width(), max((metrics.horizontalAdvance(each) for each in words), default=0) + px(6))
        top = area.top() - metrics.height() - px(3)
        for column, label in enumerate(words):
            if _left_out(column, lit_column, step):
                continue
            box = QRectF(area.left() + column * one.width(), top, one.width(), metrics.height() + 1)
            self._label(painter, box, label, column == lit_column, Qt.AlignmentFlag.AlignHCenter)

    def _label(self, painter: QPainter, box: QRectF, text: str, lit: bool, align: Qt.AlignmentFlag) -> None:
        p = self._theme.palette
        painter.setFont(self._theme.font(LABEL, bold=lit))
        painter.setPen(QColor(p.accent if lit else p.text_muted))
        flags = align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
        painter.drawText(box, int(flags), text)

    def outline(self, painter: QPainter, box: QRectF, color: str, width: float) -> None:
        """Draw a line around a cell."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        box = box.adjusted(1, 1, -1, -1)
        for ink, broad in ((self._theme.palette.surface, width + 2), (color, width)):
            painter.setPen(QPen(QColor(ink), broad * self._theme.scale))
            painter.drawRect(box)


def _step(size: float, needed: float) -> int:
    """Return every how many cells of a size a label that needs some room can stand."""
    return next((step for step in STEPS if step * size >= needed), STEPS[-1])


def _narrowed(labels: tuple[str, ...], metrics: QFontMetrics, room: int) -> list[str]:
    """Return labels that fit a room: whole, or shortened where enough is left to read, or their first words."""
    if all(metrics.horizontalAdvance(each) <= room for each in labels):
        return list(labels)
    short = [metrics.elidedText(each, Qt.TextElideMode.ElideRight, room) for each in labels]
    readable = all(len(each) >= LEAST_LETTERS or each == full for each, full in zip(short, labels, strict=True))
    return short if readable else [each.split(" ")[0] for each in labels]


def _left_out(place: int, lit: int | None, step: int) -> bool:
    """Return whether a label has no room: it is none of every few, or too near to the one that is lit up."""
    if place == lit:
        return False
    return bool(place % step) or (lit is not None and abs(place - lit) < step)
