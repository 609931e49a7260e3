"""Screen-reader access to painted widgets: one accessible object per painted cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget
from shiboken6 import isValid

if TYPE_CHECKING:
    from PySide6.QtCore import QObject


class CellSource(Protocol):
    """What a painted widget tells of its cells."""

    def count(self) -> int:
        """How many cells there are."""
        ...

    def name(self, index: int) -> str:
        """A cell in words, with what is on it."""
        ...

    def rect(self, index: int) -> QRect:
        """Where a cell is, in the coordinates of the painted area."""
        ...

    def checked(self, index: int) -> bool:
        """Whether a cell is taken or chosen."""
        ...

    def focused(self) -> int:
        """The cell that has the keyboard focus, or -1."""
        ...


class AccessibleCell(QAccessibleInterface):
    """One painted cell, as a screen reader sees it."""

    def __init__(self, table: AccessibleTable, index: int) -> None:
        super().__init__()
        self._table, self._index = table, index

    def isValid(self) -> bool:
        """Whether the cell still exists."""
        return self._index < self._table.source.count()

    def object(self) -> Any:
        """There is no QObject of its own."""
        return None

    def text(self, kind: QAccessible.Text) -> str:
        """Return the cell in words."""
        return self._table.source.name(self._index) if kind == QAccessible.Text.Name and self.isValid() else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """A cell cannot be renamed."""

    def rect(self) -> QRect:
        """Return the cell's place on the screen."""
        area = self._table.area
        inner = self._table.source.rect(self._index)
        return QRect(area.mapToGlobal(inner.topLeft()), inner.size()) if self.isValid() else QRect()

    def parent(self) -> Any:
        """Return the table."""
        return self._table

    def child(self, index: int) -> Any:
        """A cell has no children."""
        return None

    def childCount(self) -> int:
        """A cell has no children."""
        return 0

    def childAt(self, x: int, y: int) -> Any:
        """A cell has no children."""
        return None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """A cell has no children."""
        return -1

    def role(self) -> QAccessible.Role:
        """Return the role of a cell."""
        return QAccessible.Role.Cell

    def state(self) -> QAccessible.State:
        """Return whether it is taken, and whether it has the focus."""
        state = QAccessible.State()
        source = self._table.source
        state.checkable, state.focusable, state.selectable = True, True, True
        if self.isValid():
            state.checked = state.selected = source.checked(self._index)
            state.focused = source.focused() == self._index
        return state


class AccessibleTable(QAccessibleWidget):
    """A painted widget with its cells.

    Parameters
    ----------
    area : QWidget
        The widget that the cells are painted on.
    """

    def __init__(self, widget: QWidget, area: QWidget, source: CellSource, name: str) -> None:
        super().__init__(widget, QAccessible.Role.Table, name)
        self.area, self.source = area, source
        self.cells: dict[int, AccessibleCell] = {}

    def childCount(self) -> int:
        """Return the number of cells."""
        return self.source.count()

    def child(self, index: int) -> Any:
        """Return a cell; each is made once."""
        if not 0 <= index < self.source.count():
            return None
        if index not in self.cells:
            self.cells[index] = AccessibleCell(self, index)
        return self.cells[index]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """Return the number of a cell."""
        return next((index for index, cell in self.cells.items() if cell is child), -1)

    def childAt(self, x: int, y: int) -> Any:
        """Return the cell at a place on the screen."""
        place = self.area.mapFromGlobal(QPoint(x, y))
        found = (i for i in range(self.source.count()) if self.source.rect(i).contains(place))
        return self.child(next(found, -1))

    def focusChild(self) -> Any:
        """Return the cell that has the keyboard focus."""
        return self.child(self.source.focused())


class _Factory:
    """Makes the tables when Qt asks.

    Qt's cache owns the interfaces and deletes them after their widget is gone; were Python to let
    go of one earlier, it would be deleted twice. So a table is only dropped once Qt has deleted
    it, and the cells of a dropped one are kept.
    """

    def __init__(self) -> None:
        self.classes: tuple[str, ...] = ()
        self._tables: list[AccessibleTable] = []
        self._kept: list[AccessibleCell] = []
        self._installed = False

    def install(self, name: str) -> None:
        self.classes = tuple(dict.fromkeys([*self.classes, name]))
        if not self._installed:
            QAccessible.installFactory(self._make)
            self._installed = True

    def _make(self, kind: str, made_for: QObject) -> QAccessibleInterface | None:
        if kind not in self.classes or not isinstance(made_for, QWidget):
            return None
        for table in [table for table in self._tables if not isValid(table)]:
            self._tables.remove(table)
            self._kept += table.cells.values()
        widget: Any = made_for
        self._tables.append(AccessibleTable(widget, widget.cell_area(), widget.cell_source(), widget.accessibleName()))
        return self._tables[-1]


_FACTORY = _Factory()


def make_accessible(kind: type[QWidget]) -> type[QWidget]:
    """Let a widget class tell screen readers of its cells.

    The class offers ``cell_area()``, the widget that is painted on, and ``cell_source()``.
    """
    _FACTORY.install(kind.__name__)
    return kind


def announce_focus(widget: QWidget) -> None:
    """Tell screen readers that another cell has the focus, if there are any."""
    if QAccessible.isActive():
        table = QAccessible.queryAccessibleInterface(widget)
        if isinstance(table, AccessibleTable) and table.source.focused() >= 0:
            event = QAccessibleEvent(widget, QAccessible.Event.Focus)
            event.setChild(table.source.focused())
            QAccessible.updateAccessibility(event)
