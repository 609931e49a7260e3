"""A painted table of numbers as colours: rows down, columns across, one cell a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.heat_picture import HeatPainting, placed

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from gui.theme.theme import Theme
    from gui.widgets.heat_picture import Cell, Heat, Place

KEYS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class HeatMap(QWidget):
    """Draws a `Heat`, and says what is pointed at and picked.

    Signals
    -------
    pointed(object)
        The cell under the pointer or with the keyboard focus, as (row, column), or None.
    picked(int, int)
        A cell was clicked, or Return pressed on it.
    """

    pointed = Signal(object)
    picked = Signal(int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.heat: Heat | None = None
        self.marked: frozenset[Cell] = frozenset()
        self.cell: Cell | None = None
        self._painting = HeatPainting(theme)
        self._colors = np.zeros((0, 0, 3), dtype=np.uint8)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("map of the sweep")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self._on_theme_changed)

    def show_heat(self, shown: Heat | None) -> None:
        """Draw other numbers; what is pointed at stays, if there is still such a cell."""
        before, self.heat = self.heat, shown
        self._color()
        if self.cell is not None and not self._has(self.cell):
            self._point_at(None)
        place = self.place()
        if before is None or shown is None or place is None or not shown.stands_as(before):
            self.update()
        elif (changed := shown.changed(before)).size:
            top, left = (int(each) for each in changed.min(axis=0))
            bottom, right = (int(each) for each in changed.max(axis=0))
            self.update(place.rect((top, left)).united(place.rect((bottom, right))).toAlignedRect())

    def set_marked(self, cells: frozenset[Cell]) -> None:
        """Outline some cells."""
        if cells != self.marked:
            self.marked = cells
            self.update()

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(160), self.theme.pixels(72))

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.theme.pixels(420), self.theme.pixels(260))

    def place(self) -> Place | None:
        """Return where the cells stand; None without numbers."""
        if self.heat is None or not self.heat.values.size:
            return None
        return placed(self.heat, self.width(), self.height(), self.theme)

    def rect_of(self, cell: Cell) -> QRectF:
        """Return where a cell is."""
        place = self.place()
        return QRectF() if place is None else place.rect(cell)

    def cell_at(self, point: QPointF) -> Cell | None:
        """Return the cell at a point."""
        place = self.place()
        cell = None if place is None else place.cell_at(point)
        return cell if cell is not None and self._has(cell) else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self._point_at(self.cell_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        cell = self.cell_at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._point_at(cell)
            self.picked.emit(*cell)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        self._point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk over the cells with the arrow keys; Return picks."""
        step, shown = KEYS.get(Qt.Key(event.key())), self.heat
        if shown is None or not shown.there.any():
            super().keyPressEvent(event)
        elif step is not None:
            self._walk(*step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.cell is not None:
            self.picked.emit(*self.cell)
        else:
            super().keyPressEvent(event)

    def _walk(self, down: int, across: int) -> None:
        assert self.heat is not None
        if self.cell is None:
            first = np.argwhere(self.heat.there)[0]
            self._point_at((int(first[0]), int(first[1])))
            return
        row, column = self.cell[0] + down, self.cell[1] + across
        while 0 <= row < self.heat.there.shape[0] and 0 <= column < self.heat.there.shape[1]:
            if self._has((row, column)):
                self._point_at((row, column))
                return
            row, column = row + down, column + across

    def _has(self, cell: Cell) -> bool:
        if self.heat is None:
            return False
        rows, columns = self.heat.there.shape
        return cell[0] < rows and cell[1] < columns and bool(self.heat.there[cell])

    def _point_at(self, cell: Cell | None) -> None:
        if cell != self.cell:
            self.cell = cell
            self.pointed.emit(cell)
            self.update()

    def _color(self) -> None:
        self._colors = np.zeros((0, 0, 3), dtype=np.uint8) if self.heat is None else self.heat.colors(self.theme)

    def _on_theme_changed(self) -> None:
        self._color()
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        p, place, shown = self.theme.palette, self.place(), self.heat
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(p.surface))
        if shown is not None and place is not None:
            self._painting.cells(painter, shown, self._colors, place)
            self._painting.words(painter, shown, self._colors, place, QRectF(event.rect()))
            self._painting.labels(painter, shown, place, self.cell)
            for cell in filter(self._has, self.marked):
                self._painting.outline(painter, place.rect(cell), p.text, 1.6)
            if self.cell is not None:
                self._painting.outline(painter, place.rect(self.cell), p.accent, 2.4)
        painter.end()
