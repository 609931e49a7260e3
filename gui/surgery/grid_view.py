"""The painted part of the grid: clicks, strokes and keys become wishes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent
from PySide6.QtWidgets import QToolTip

from gui.surgery.cell_access import announce_focus, make_accessible
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import Cell, toggle_of
from gui.surgery.grid_stroke import Stroke
from gui.surgery.grid_surface import GridSurface
from gui.surgery.grid_words import GridScene
from gui.widgets.anatomy_words import score_words

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent
    from PySide6.QtWidgets import QWidget

    from gui.theme.theme import Theme

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


class GridView(GridSurface):
    """The grid that is clicked, painted over and walked by keys.

    Signals
    -------
    cellsToggled(tuple of Site, bool)
        As in ``HeadGrid``.
    pointed(Hit)
        What is under the pointer, else what has the focus.
    receiverPicked(Site), receiverGivenUp(), guessWanted(tuple, QPoint)
        As in ``HeadGrid``.
    """

    cellsToggled = Signal(tuple, bool)
    pointed = Signal(object)
    receiverPicked = Signal(object)
    receiverGivenUp = Signal()
    guessWanted = Signal(tuple, QPoint)

    def __init__(self, theme: Theme, scene: GridScene, parent: QWidget | None = None) -> None:
        super().__init__(theme, scene, parent)
        self._anchor: Cell = self.focus_cell
        self._stroke: Stroke | None = None

    def refresh_model(self) -> None:
        """Show other cells; the focus stays where it was, if there is still such a cell."""
        if self.scene.model is None or not self.scene.model.has(self.focus_cell):
            self.focus_cell = (1, 0)
        self._anchor = self.focus_cell
        self.look.hover, self.look.outlined, self._stroke = Hit(), (), None
        self.refit()
        self.refresh_marks()

    def start_at_first_open(self) -> None:
        """Put the focus on the first cell where a click does something."""
        cells = self.scene.model.cells if self.scene.model else ()
        first = next((cell for cell in cells if cell not in self.look.closed), None)
        if first is not None:
            self._focus_on(first)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, take a rectangle, or a whole row or column."""
        model, hit = self.scene.model, self._hit(event.position())
        if model is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.scene.sender is not None:
            self._pick(hit.cell)
        elif hit.cell is None:
            self._toggle(hit.cells(model))
        elif event.modifiers() & SHIFT:
            self._toggle(model.rectangle(self.focus_cell, hit.cell))
            self._focus_on(hit.cell)
        else:
            self._focus_on(hit.cell)
            self.look.hover = hit
            self._stroke = Stroke(model, hit.cell, self.taken)
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
            self._show_stroke()
            self._point_at(Hit(*cell))

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
            step = (PAGES[key] * self.rows_in_sight(), 0)
        elif step and event.modifiers() & CONTROL and abs(step[1]) == FAR:
            step = (step[1], step[1])
        if step is not None:
            self._focus_on(model.stepped(self.focus_cell, *step), keep_anchor=bool(event.modifiers() & SHIFT))
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.scene.sender is not None:
                self._pick(self.focus_cell)
            else:
                self._toggle(model.rectangle(self._anchor, self.focus_cell))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            marks, cells = self.look.marks, model.rectangle(self._anchor, self.focus_cell)
            self._emit([cell for cell in cells if cell in marks and marks[cell].own], add=False)
        elif key == Qt.Key.Key_Escape and self.scene.sender is not None:
            self.receiverGivenUp.emit()
        elif key == Qt.Key.Key_Escape and (self._stroke or self.look.outlined):
            self._stroke = None
            self._show_stroke()
            self._focus_on(self.focus_cell)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask what a head is thought to do, where that was measured."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        cell = self.focus_cell if by_key else self._hit(QPointF(event.pos())).cell
        head = self.scene.head(cell)
        if cell is not None and head is not None:
            self._focus_on(cell)
            self.guessWanted.emit(head, self.viewport().mapToGlobal(self.look.rect(cell).bottomLeft()))

    def viewportEvent(self, event: QEvent) -> bool:
        """Forget the pointer when it leaves; tell all scores of a head that it rests on, once they are shown."""
        if isinstance(event, QHelpEvent):
            head, anatomy = self.scene.head(self._hit(QPointF(event.pos())).cell), self.scene.anatomy
            told = "" if anatomy is None or head is None or not anatomy.shown else score_words(anatomy.sheet, head)
            QToolTip.showText(event.globalPos(), told, self.viewport())
            return True
        if event.type() == QEvent.Type.Leave and self._stroke is None:
            self._point_at(Hit())
        return super().viewportEvent(event)

    def _hit(self, place: QPointF) -> Hit:
        if self.look.geometry is None:
            return Hit()
        return self.look.geometry.hit(place.x(), place.y(), self.look.across, self.look.down)

    def _point_at(self, hit: Hit) -> None:
        if hit == self.look.hover:
            return
        model = self.scene.model
        self.point_at(hit, hit.cells(model) if model and hit.cell is None else ())
        idle = hit == Hit() or hit.cell in self.look.closed
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor if idle else Qt.CursorShape.PointingHandCursor)
        self.pointed.emit(hit)

    def _show_stroke(self) -> None:
        stroke = self._stroke
        closed = self.look.closed if stroke and stroke.add else frozenset[Cell]()
        self.look.stroke = (frozenset(stroke.cells) - closed, stroke.add) if stroke else None
        self.viewport().update()

    def _focus_on(self, cell: Cell, *, keep_anchor: bool = False) -> None:
        self.focus_cell, self.ring = cell, True
        self._anchor = self._anchor if keep_anchor else cell
        self.look.hover = Hit()
        self.look.outlined = self.scene.model.rectangle(self._anchor, cell) if keep_anchor and self.scene.model else ()
        self.scroll_to(cell)
        self.viewport().update()
        self.pointed.emit(Hit(*cell))
        announce_focus(self)

    def _toggle(self, cells: Iterable[Cell]) -> None:
        wanted = tuple(cells)
        self._emit(*toggle_of([cell for cell in wanted if cell not in self.look.closed] or wanted, self.taken))

    def _pick(self, cell: Cell | None) -> None:
        """Say which receiver was picked, if it is one."""
        if self.scene.model is not None and cell is not None and cell not in self.look.closed:
            self.receiverPicked.emit(self.scene.model.site(cell))

    def _emit(self, cells: Iterable[Cell], add: bool) -> None:
        """Say what changes; of many cells those stay out where the operation makes no sense."""
        model, cells = self.scene.model, tuple(cells)
        if add:
            cells = tuple(cell for cell in cells if cell not in self.look.closed) or cells
        sites = tuple(model.site(cell) for cell in cells) if model else ()
        if sites:
            self.cellsToggled.emit(sites, add)


make_accessible(GridView)
