"""The store: the session in force, its history, and word of every change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from gui.undo import SessionEdit

if TYPE_CHECKING:
    from core.sessions.session import Session

MOST_UNDO_STEPS = 1000


class SessionStore(QObject):
    """Holds what the user wants.

    Signals
    -------
    changed(object, object)
        Session before and after.
    """

    changed = Signal(object, object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._dragging = False
        self._group = 0
        self.history = QUndoStack(self)
        self.history.setUndoLimit(MOST_UNDO_STEPS)

    @property
    def session(self) -> Session:
        """The session in force."""
        return self._session

    @property
    def dragging(self) -> bool:
        """Whether the change under way is one of a stream, such as a slider's."""
        return self._dragging

    def edit(self, after: Session, label: str, *, group: str = "", dragging: bool = False) -> None:
        """Put an edited session in force, as a step that can be undone.

        Parameters
        ----------
        label : str
            Names the step in the Edit menu.
        group : str
            Consecutive edits of one group become one step, until `seal`.
        dragging : bool
            Whether more such edits are about to follow.
        """
        if after == self._session:
            return
        key = f"{group}#{self._group}" if group else ""
        self._dragging = dragging
        try:
            self.history.push(SessionEdit(self._session, after, label, self._show, key))
        finally:
            self._dragging = False

    def undo(self) -> None:
        """Take the last step back."""
        self.seal()
        self.history.undo()

    def redo(self) -> None:
        """Make the step that was taken back once more."""
        self.seal()
        self.history.redo()

    def seal(self) -> None:
        """End the group of edits under way: the next one is a step of its own."""
        self._group += 1

    def _show(self, session: Session) -> None:
        before, self._session = self._session, session
        if before != session:
            self.changed.emit(before, session)
