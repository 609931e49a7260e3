"""The operations as buttons: as many as there is room for, the others in a menu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QToolButton, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from core.interventions.operation import Operation
    from gui.theme.theme import Theme

GAP, TEXT, ARROW = 4, 13, 24
SINGLE_KEYS = 9
MORE = "More"


def operation_key(number: int) -> str:
    """Return the key that chooses an operation, counted from 1."""
    return f"Ctrl+{number}" if number <= SINGLE_KEYS else f"Ctrl+Alt+{number - SINGLE_KEYS}"


def rows_of(widths: Sequence[int], room: int, gap: int) -> list[int]:
    """Return how many buttons of some widths stand in each row of a room."""
    rows, used = [0], 0
    for width in widths:
        if rows[-1] and used + width > room:
            rows.append(0)
            used = 0
        rows[-1] += 1
        used += width + gap
    return rows


class OperationStrip(QWidget):
    """One button per operation, in one row or, where there is height for it, in two.

    Signals
    -------
    chosen(str)
        Key of an operation.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, operations: Sequence[Operation], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._operations = theme, tuple(operations)
        self._current, self._most = "", 1
        self._refused: Mapping[str, str] = {}
        self.buttons: dict[str, QPushButton] = {}
        for number, operation in enumerate(self._operations, 1):
            self.buttons[operation.key] = self._button(number, operation)
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.more = QToolButton(self)
        self.more.setProperty("kind", "menu")
        self.more.setProperty("tight", True)
        self.more.setCheckable(True)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setAccessibleName("more operations")
        self.more.setToolTip("More operations.")
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more.setMenu(self.menu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_current(self, key: str) -> None:
        """Show which operation is in force."""
        self._current = key
        for name, button in self.buttons.items():
            button.setChecked(name == key)
        self.place()

    def set_refused(self, refused: Mapping[str, str]) -> None:
        """Show which operations this model leaves no place for, and why."""
        self._refused = refused
        for number, operation in enumerate(self._operations, 1):
            button, reason = self.buttons[operation.key], refused.get(operation.key)
            button.setEnabled(reason is None)
            button.setToolTip(reason or f"{operation.help} ({operation_key(number)})")
        self.place()

    def set_most_rows(self, most: int) -> None:
        """Take another number of rows that there is height for."""
        if most != self._most:
            self._most = most
            self.place()

    @property
    def hidden(self) -> tuple[Operation, ...]:
        """The operations that stand in the menu."""
        return tuple(each for each in self._operations if self.buttons[each.key].isHidden())

    def sizeHint(self) -> QSize:
        """Return room for all in a row."""
        gap = self._theme.pixels(GAP)
        return QSize(sum(button.sizeHint().width() + gap for button in self.buttons.values()), self.height())

    def minimumSizeHint(self) -> QSize:
        """Return room for the widest, and the menu with another."""
        widest = max(button.sizeHint().width() for button in self.buttons.values())
        return QSize(2 * widest + self._theme.pixels(GAP + ARROW), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put as many as fit."""
        self.place()

    def place(self) -> None:
        """Put the buttons into rows, and those without room into the menu."""
        gap, buttons = self._theme.pixels(GAP), list(self.buttons.values())
        widths = [button.sizeHint().width() for button in buttons]
        rows, more = self._rows(widths, gap)
        shown, high = sum(rows), max(button.sizeHint().height() for button in (*buttons, self.more))
        x = y = index = 0
        for row, count in enumerate(rows):
            x, y = 0, row * (high + gap)
            for button, width in zip(buttons[index : index + count], widths[index : index + count], strict=True):
                button.setGeometry(QRect(x, y, width, high))
                x += width + gap
            index += count
        for number, button in enumerate(buttons):
            button.setVisible(number < shown)
        self._fill_menu(shown)
        self.more.setGeometry(QRect(x, y, more, high))
        self.more.setVisible(shown < len(buttons))
        height = len(rows) * (high + gap) - gap
        if height != self.height():
            self.setFixedHeight(height)

    def _rows(self, widths: list[int], gap: int) -> tuple[list[int], int]:
        """Return how many buttons stand in each row, and how wide the menu's button is, if there is one."""
        room = self.width()
        rows = rows_of(widths, room, gap)
        if len(rows) <= self._most:
            return rows, 0
        current = next((i for i, each in enumerate(self._operations) if each.key == self._current), 0)
        short, more = list(rows), 0
        operation = self._operations[current]
        for text in (MORE, f"{operation.mark} {operation.label}"):
            self.more.setText(text)
            more = self.more.sizeHint().width()
            first = sum(rows[: self._most - 1])
            last = rows_of(widths[first : first + rows[self._most - 1]], room - more - gap, gap)[0]
            short = [*rows[: self._most - 1], last]
            if current < sum(short):
                break
        return short, more

    def _fill_menu(self, shown: int) -> None:
        self.menu.clear()
        current = None
        for number, operation in enumerate(self._operations[shown:], shown + 1):
            entry = self.menu.addAction(f"{operation.mark}  {operation.label}\t{operation_key(number)}")
            reason = self._refused.get(operation.key)
            entry.setEnabled(reason is None)
            entry.setToolTip(reason or operation.help)
            entry.setCheckable(True)
            entry.setChecked(operation.key == self._current)
            entry.triggered.connect(partial(self._on_entry_triggered, operation.key))
            current = operation if operation.key == self._current else current
        self.more.setText(f"{current.mark} {current.label}" if current else MORE)
        self.more.setChecked(current is not None)

    def _button(self, number: int, operation: Operation) -> QPushButton:
        button = QPushButton(f"{operation.mark} {operation.label}", self)
        button.setCheckable(True)
        for name, value in (("kind", "segment"), ("place", "only"), ("tight", True)):
            button.setProperty(name, value)
        button.setToolTip(f"{operation.help} ({operation_key(number)})")
        button.setAccessibleName(operation.label)
        button.setAccessibleDescription(operation.help)
        button.clicked.connect(partial(self._on_button_clicked, operation.key))
        return button

    def _on_button_clicked(self, key: str) -> None:
        """Wish for an operation; which one is in force is told from outside."""
        self.buttons[key].setChecked(key == self._current)
        self.chosen.emit(key)

    def _on_entry_triggered(self, key: str) -> None:
        self.chosen.emit(key)

    def _on_theme_changed(self) -> None:
        for button in (*self.buttons.values(), self.more):
            button.setFont(self._theme.font(TEXT))
            button.ensurePolished()
        self.place()
