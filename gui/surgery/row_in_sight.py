"""A row of a list that stays in sight until somebody scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from PySide6.QtWidgets import QListView


class RowInSight(QObject):
    """Scrolls to a row when it is another, and again when rows grow or the list gets smaller.

    Parameters
    ----------
    view : QListView
    """

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self._last: tuple[int, int] = (-1, 0)
        self._follows = False
        view.verticalScrollBar().actionTriggered.connect(self._on_scrolled)
        # Rows have grown, or a notice above has taken room.
        view.verticalScrollBar().rangeChanged.connect(self.keep)

    def set_row(self, row: int) -> None:
        """Take another row, or with -1 none; the same one of as many rows is not scrolled to anew."""
        last = (row, self._view.model().rowCount())
        self._follows = row >= 0 and (self._follows or last != self._last)
        self._last = last
        self.keep()

    def keep(self) -> None:
        """Scroll to the row, unless somebody has scrolled away from it."""
        if self._follows and self._last[0] < self._view.model().rowCount():
            self._view.scrollTo(self._view.model().index(self._last[0], 0))

    def _on_scrolled(self) -> None:
        self._follows = False
