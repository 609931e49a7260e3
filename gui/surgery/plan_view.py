"""The list of incisions: clicks, drags and keys become wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QListView, QWidget

from gui.surgery.plan_delegate import HEIGHT, PlanDelegate
from gui.surgery.plan_menu import show_menu
from gui.surgery.plan_model import PlanModel
from gui.surgery.plan_row import PlanRow, landing
from gui.surgery.row_in_sight import RowInSight

if TYPE_CHECKING:
    from gui.theme.theme import Theme

EMPTY = "No incisions yet. Choose tokens above, pick an operation, click a cell of the grid."
ALT = Qt.KeyboardModifier.AltModifier


class PlanView(QListView):
    """The plan's incisions in order.

    Signals
    -------
    enabledChanged(int, bool), removed(int), moved(int, int), rowSelected(int), carryWished(int), spreadWished(int)
        As in ``PlanList``.
    """

    enabledChanged = Signal(int, bool)
    removed = Signal(int)
    moved = Signal(int, int)
    rowSelected = Signal(int)
    carryWished = Signal(int)
    spreadWished = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._rows = theme, PlanModel(self)
        self._parts = PlanDelegate(theme, self)
        self._pressed: tuple[int, QPoint] | None = None
        self._gap: int | None = None
        self._told = False
        self.setModel(self._rows)
        self.setItemDelegate(self._parts)
        self._in_sight = RowInSight(self)
        self.setAccessibleName("plan of incisions")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(self._on_theme_changed)

    def minimumSizeHint(self) -> QSize:
        """Return room for a row with a warning; the others are scrolled to."""
        return QSize(self._theme.pixels(140), self._theme.pixels(44))

    @property
    def rows(self) -> tuple[PlanRow, ...]:
        """The rows that are shown."""
        return self._rows.rows

    @property
    def selected(self) -> int:
        """The selected row, or -1."""
        chosen = self.selectionModel().selectedRows()
        return chosen[0].row() if chosen else -1

    def set_rows(self, rows: tuple[PlanRow, ...]) -> None:
        """Show other rows; the selection stays at its number as long as there is such a row."""
        selected = self.selected
        self._pressed, self._gap = None, None
        self._told = True
        self._rows.set_rows(rows)
        self._told = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if rows else Qt.FocusPolicy.NoFocus)
        if selected != self.selected:
            self.set_selected(min(selected, len(rows) - 1))
        self._in_sight.keep()
        self.viewport().update()

    def set_selected(self, row: int) -> None:
        """Select a row, or none, without saying so."""
        self._told = True
        if 0 <= row < len(self.rows):
            self.setCurrentIndex(self._rows.index(row))
        else:
            self.selectionModel().clear()
        self._told = False

    def set_in_hand(self, rows: tuple[int, ...]) -> None:
        """Tint the rows that the dose control edits; the last of them is scrolled into sight when it is another."""
        rows = tuple(row for row in rows if 0 <= row < len(self.rows))
        self._rows.set_in_hand(frozenset(rows))
        self._in_sight.set_row(max(rows, default=-1))

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Say which row the user selected."""
        super().selectionChanged(selected, deselected)
        if not self._told:
            self.rowSelected.emit(self.selected)

    def sizeHint(self) -> QSize:
        """Return room for some rows."""
        return QSize(self._theme.pixels(300), self._theme.pixels(HEIGHT * 5))

    def indexAt(self, place: QPoint) -> QModelIndex:
        """Return the row at a place; one that is not seen to its end is not painted, and so not there."""
        index = super().indexAt(place)
        seen = self._parts.whole(self.visualRect(index), self.viewport().rect())
        return index if seen else QModelIndex()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Toggle, remove, offer more, or take up a row."""
        place = event.position().toPoint()
        index = self.indexAt(place)
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid():
            super().mousePressEvent(event)
            return
        box, row = self.visualRect(index), index.row()
        if self._parts.check_box(box).adjusted(-8, -8, 8, 8).contains(place):
            self.enabledChanged.emit(row, not self.rows[row].enabled)
        elif self._parts.remove_box(box).contains(place):
            self.removed.emit(row)
        elif self._parts.more_box(box).contains(place):
            show_menu(self, row, self.viewport().mapToGlobal(self._parts.more_box(box).bottomLeft()))
        else:
            super().mousePressEvent(event)
            self._pressed = (row, place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with a row: the one under the pointer, or by key the selected one."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self._rows.index(self.selected) if by_key and self.selected >= 0 else self.indexAt(event.pos())
        if index.isValid():
            box = self.visualRect(index)
            show_menu(self, index.row(), self.viewport().mapToGlobal(box.center() if by_key else event.pos()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show the gap that the row would fall into."""
        if self._pressed is None:
            super().mouseMoveEvent(event)
            return
        place = event.position().toPoint()
        if self._gap is None and (place - self._pressed[1]).manhattanLength() < QApplication.startDragDistance():
            return
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._gap = self._gap_at(place)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drop the row."""
        pressed, gap = self._pressed, self._gap
        self._pressed, self._gap = None, None
        self.unsetCursor()
        self.viewport().update()
        if pressed is not None and gap is not None:
            to = landing(pressed[0], gap)
            if to != pressed[0]:
                self._move(pressed[0], to)
            return
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Toggle, remove or move the selected row."""
        row, key = self.selected, event.key()
        if row >= 0 and key == Qt.Key.Key_Space:
            self.enabledChanged.emit(row, not self.rows[row].enabled)
        elif row >= 0 and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(row)
        elif row >= 0 and event.modifiers() & ALT and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            to = row + (1 if key == Qt.Key.Key_Down else -1)
            if 0 <= to < len(self.rows):
                self._move(row, to)
        elif key == Qt.Key.Key_Escape and self._gap is not None:
            self._pressed, self._gap = None, None
            self.viewport().update()
        elif key == Qt.Key.Key_Escape and row >= 0:
            self.selectionModel().clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows and the gap, or what to do when there are none."""
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        if not self.rows:
            painter.setFont(self._theme.font(14))
            painter.setPen(QColor(self._theme.palette.text_muted))
            margin = self._theme.pixels(14)
            box = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, EMPTY)
        elif self._gap is not None:
            box = self.visualRect(self._rows.index(min(self._gap, len(self.rows) - 1)))
            y = box.top() if self._gap < len(self.rows) else box.bottom()
            painter.setPen(QPen(QColor(self._theme.palette.accent), 3))
            painter.drawLine(box.left() + 4, y, box.right() - 4, y)

    def viewportEvent(self, event: QEvent) -> bool:
        """Show a hand over what can be pressed at once."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent) and self._pressed is None:
            place = event.position().toPoint()
            box = self.visualRect(self.indexAt(place))
            parts = (self._parts.check_box(box), self._parts.remove_box(box), self._parts.more_box(box))
            press = any(part.contains(place) for part in parts)
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if press else Qt.CursorShape.ArrowCursor)
        return super().viewportEvent(event)

    def _gap_at(self, place: QPoint) -> int:
        boxes = [self.visualRect(self._rows.index(i)) for i in range(len(self.rows))]
        return sum(place.y() > box.center().y() for box in boxes)

    def _move(self, row: int, to: int) -> None:
        """Say the move; the selection goes along, so that the dose stays with its incision."""
        self.moved.emit(row, to)
        if self.selected != to:
            self.setCurrentIndex(self._rows.index(to))

    def _on_theme_changed(self) -> None:
        self.doItemsLayout()
        self.updateGeometry()
