"""A line of text that leaves the undo keys to the window once it has no typing of its own to take back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

# What is typed is told after a pause, so that not every letter asks the model.
TYPING_PAUSE_MS = 180
# Not in every desktop's own list of keys, but in the menu.
ALSO_REDO = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Y)


class Field(QLineEdit):
    """A line that leaves the undo keys to the window once it has no typing of its own to take back.

    Attributes
    ----------
    wish : QSize or None
        The room it would like, and can do with less of; None for Qt's own.
    """

    wish: QSize | None = None

    def sizeHint(self) -> QSize:
        """Return the room that is wished for."""
        return self.wish or super().sizeHint()

    def event(self, event: QEvent) -> bool:
        """Claim keys before the menus get them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo, redo = (event.matches(key) for key in (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo))
            redo = redo or event.keyCombination() == ALSO_REDO
            if (undo and not self.isUndoAvailable()) or (redo and not self.isRedoAvailable()):
                event.ignore()
                return False
        return super().event(event)
