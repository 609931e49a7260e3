"""Undo: every edit is the session before and after."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QUndoCommand

if TYPE_CHECKING:
    from core.sessions.session import Session

NEVER_MERGES = -1


class SessionEdit(QUndoCommand):
    """One edit of the session.

    Parameters
    ----------
    show : callable
        Puts a session in force.
    merge_key : str
        Edits that follow each other with the same key become one step; empty never merges.
    """

    def __init__(
        self, before: Session, after: Session, label: str, show: Callable[[Session], None], merge_key: str = ""
    ) -> None:
        super().__init__(label)
        self._before = before
        self._after = after
        self._show = show
        self._id = zlib.crc32(merge_key.encode()) & 0x7FFFFFFF if merge_key else NEVER_MERGES

    def id(self) -> int:
        """Return what tells Qt which edits may be joined."""
        return self._id

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take a later edit of the same kind into this one."""
        if not isinstance(other, SessionEdit):
            return False
        self._after = other._after
        # A step that leads back to where it began is none.
        self.setObsolete(self._after == self._before)
        return True

    def undo(self) -> None:
        """Go back to the session before."""
        self._show(self._before)

    def redo(self) -> None:
        """Go to the session after."""
        self._show(self._after)
