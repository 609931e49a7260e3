"""The painted part of the grid: clicks, strokes and keys become wishes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from gui.surgery.cell_access import announce_focus, make_accessible
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import Cell, GridModel, cell_marks, occupied, toggle_of
from gui.surgery.grid_painter import GridLook, GridPainter
from gui.surgery.grid_stroke import Stroke
from gui.surgery.grid_words import GridScene, cell_name
from gui.surgery.incision_words import dose_words

if TYPE_CHECKING:
    from gui.theme.theme import Theme

EMPTY = "No model is open. Open one, and its layers and heads appear here: every cell is a place to cut."
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
FAR = 10_000
STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Home: (0, -FAR),
    Qt.Key.Key_End: (0, FAR),
}
PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class GridView(QAbstractScrollArea):
    """Layers down, heads and wide columns across, labels pinned.

    Signals
    -------
    cellsToggled(tuple of Site, bool)
        As in ``HeadGrid``.
    pointed(Hit)
        What is under the pointer, else what has the focus.
    """

    cellsToggled = Signal(tuple, bool)
    pointed = Signal(object)

    def __init__(self, theme: Theme, scene: GridScene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.scene, self.look = theme, scene, GridLook()
        self.focus_cell: Cell = (1, 0)
        self._painting = GridPainter(theme)
        self._anchor: Cell = self.focus_cell
        self._taken: frozenset[Cell] = frozenset()
        self._stroke: Stroke | None = None
        self.setAccessibleName("grid of layers and heads")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        theme.changed.connect(self.refit)

    def refresh_model(self) -> None:
        """Show another model's cells."""
        self.focus_cell = self._anchor = (1, 0)
        self.look.hover, self.look.outlined, self._stroke = Hit(), (), None
        self.refit()
        self.refresh_marks()

    def refresh_marks(self) -> None:
        """Read incisions, chosen tokens and brush of the scene again."""
        model = self.scene.model
        self.look.marks = cell_marks(model, self.scene.incisions, self.scene.chosen) if model else {}
        self._taken = occupied(self.look.marks)
        self.look.operation = self.scene.operation
        self.look.dose = dose_words(self.scene.operation, self.scene.params)
        self.viewport().update()

    def refit(self) -> None:
        """Give the cells the size that fills the viewport best."""
        model, room = self.scene.model, self.maximumViewportSize()
        if model is None:
            self.look.geometry = None
        else:
            geometry = self._painting.fit(model, room.width(), room.height())
            if geometry.header_height + geometry.body_height > room.height():
                bar = self.verticalScrollBar().sizeHint().width()
                geometry = self._painting.fit(model, room.width() - bar, room.height())
            self.look.geometry = geometry
        self._set_scroll_ranges()
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """Return room for a small model at a comfortable size."""
        return QSize(self.theme.pixels(560), self.theme.pixels(360))

    def minimumSizeHint(self) -> QSize:
        """Return room for some cells."""
        return QSize(self.theme.pixels(260), self.theme.pixels(140))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the cells to the new size."""
        self.refit()

    def scrollContentsBy(self, across: int, down: int) -> None:
        """Follow the scroll bars; the labels stay."""
        self.look.across, self.look.down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells in sight, or what is missing."""
        painter = QPainter(self.viewport())
        self.look.focus = self.focus_cell if self.hasFocus() and self.look.geometry else None
        self._painting.paint(painter, self.look, event.rect(), self.viewport().rect())
        if self.look.geometry is None:
            painter.setFont(self.theme.font(15))
            painter.setPen(QColor(self.theme.palette.text_muted))
            margin = self.theme.pixels(32)
            box = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, take a rectangle, or a whole row or column."""
        model, hit = self.scene.model, self._hit(event.position())
        if model is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if hit.cell is None:
            self._toggle(hit.cells(model))
        elif event.modifiers() & SHIFT:
            self._toggle(model.rectangle(self.focus_cell, hit.cell))
            self._focus_on(hit.cell)
        else:
            self._focus_on(hit.cell)
            self._stroke = Stroke(model, hit.cell, self._taken)
            self._show_stroke()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke, or show what is under the pointer."""
        geometry = self.look.geometry
        if geometry is None:
            return
        if self._stroke is None:
            self._point_at(self._hit(event.position()))
            return
        left, top = self.look.body()
        cell = geometry.nearest(event.position().x() - left, event.position().y() - top)
        if cell is not None:
            self._stroke.extend(cell)
            self.look.hover = Hit(*cell)
            self._show_stroke()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say what the stroke changes."""
        stroke = self._stroke
        if stroke is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._stroke = None
        self._show_stroke()
        self._emit(stroke.cells, stroke.add)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the focus, draw a rectangle, toggle or remove."""
        model, key = self.scene.model, Qt.Key(event.key())
        if model is None:
            super().keyPressEvent(event)
            return
        step = STEPS.get(key)
        if key in PAGES:
            step = (PAGES[key] * self._rows_in_sight(), 0)
        elif step and event.modifiers() & CONTROL and abs(step[1]) == FAR:
            step = (step[1], step[1])
        if step is not None:
            self._focus_on(model.stepped(self.focus_cell, *step), keep_anchor=bool(event.modifiers() & SHIFT))
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._toggle(model.rectangle(self._anchor, self.focus_cell))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            there = [cell for cell in model.rectangle(self._anchor, self.focus_cell) if cell in self.look.marks]
            self._emit(there, add=False)
        elif key == Qt.Key.Key_Escape and (self._stroke or self.look.outlined):
            self._stroke = None
            self._show_stroke()
            self._focus_on(self.focus_cell)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Forget the pointer when it leaves."""
        if event.type() == QEvent.Type.Leave and self._stroke is None:
            self._point_at(Hit())
        return super().viewportEvent(event)

    def cell_area(self) -> QWidget:
        """Return the widget that the cells are painted on."""
        return self.viewport()

    def cell_source(self) -> GridCells:
        """Return what screen readers are told."""
        return GridCells(self)

    def is_taken(self, cell: Cell) -> bool:
        """Whether a click on a cell takes its incision off."""
        return cell in self._taken

    def _hit(self, place: QPointF) -> Hit:
        if self.look.geometry is None:
            return Hit()
        return self.look.geometry.hit(place.x(), place.y(), self.look.across, self.look.down)

    def _point_at(self, hit: Hit) -> None:
        if hit == self.look.hover:
            return
        self.look.hover = hit
        label = self.scene.model is not None and hit.cell is None
        self.look.outlined = hit.cells(self.scene.model) if label and self.scene.model else ()
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor if hit == Hit() else Qt.CursorShape.PointingHandCursor)
        self.viewport().update()
        self.pointed.emit(hit)

    def _show_stroke(self) -> None:
        self.look.stroke = (frozenset(self._stroke.cells), self._stroke.add) if self._stroke else None
        self.viewport().update()

    def _focus_on(self, cell: Cell, *, keep_anchor: bool = False) -> None:
        self.focus_cell = cell
        self._anchor = self._anchor if keep_anchor else cell
        self.look.hover = Hit()
        self.look.outlined = self.scene.model.rectangle(self._anchor, cell) if keep_anchor and self.scene.model else ()
        self._scroll_to(cell)
        self.viewport().update()
        self.pointed.emit(Hit(*cell))
        announce_focus(self)

    def _toggle(self, cells: Iterable[Cell]) -> None:
        self._emit(*toggle_of(cells, self._taken))

    def _emit(self, cells: Iterable[Cell], add: bool) -> None:
        model = self.scene.model
        sites = tuple(model.site(cell) for cell in cells) if model else ()
        if sites:
            self.cellsToggled.emit(sites, add)

    def _rows_in_sight(self) -> int:
        geometry = self.look.geometry
        return max((self.viewport().height() // geometry.cell_height) - 2, 1) if geometry else 1

    def _set_scroll_ranges(self) -> None:
        geometry, across, down = self.look.geometry, self.horizontalScrollBar(), self.verticalScrollBar()
        if geometry is None:
            across.setRange(0, 0)
            down.setRange(0, 0)
            return
        for bar, body, labels, room, step in (
            (across, geometry.body_width, geometry.label_width, self.viewport().width(), geometry.cell_width),
            (down, geometry.body_height, geometry.header_height, self.viewport().height(), geometry.cell_height),
        ):
            bar.setRange(0, max(labels + body - room + 1, 0))
            bar.setPageStep(max(room - labels, 1))
            bar.setSingleStep(step)

    def _scroll_to(self, cell: Cell) -> None:
        geometry = self.look.geometry
        if geometry is None:
            return
        x, y, width, height = geometry.rect(cell)
        for bar, start, length, room in (
            (self.horizontalScrollBar(), x, width, self.viewport().width() - geometry.label_width),
            (self.verticalScrollBar(), y, height, self.viewport().height() - geometry.header_height),
        ):
            if start < bar.value():
                bar.setValue(start)
            elif start + length > bar.value() + room:
                bar.setValue(start + length - room + 4)


class GridCells:
    """What screen readers are told of the grid."""

    def __init__(self, view: GridView) -> None:
        self._view = view

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells in reading order."""
        model: GridModel | None = self._view.scene.model
        return model.cells if model else ()

    def count(self) -> int:
        """How many cells there are."""
        return len(self.cells())

    def name(self, index: int) -> str:
        """Return a cell in words."""
        model = self._view.scene.model
        return cell_name(self._view.scene, model.site(self.cells()[index])) if model else ""

    def rect(self, index: int) -> QRect:
        """Return where a cell is."""
        return self._view.look.rect(self.cells()[index]) if self._view.look.geometry else QRect()

    def checked(self, index: int) -> bool:
        """Whether a click takes off."""
        return self._view.is_taken(self.cells()[index])

    def focused(self) -> int:
        """Return the focused cell, or -1."""
        cells = self.cells()
        return cells.index(self._view.focus_cell) if self._view.hasFocus() and self._view.focus_cell in cells else -1


make_accessible(GridView)
