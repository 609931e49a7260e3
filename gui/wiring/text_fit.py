"""Panels, then text, that give way where the window is too small, so that nothing is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Slot

from gui.theme.theme import SCALES

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.notifications import Notifications
    from gui.store import SessionStore
    from gui.theme.theme import Theme

# Layouts ask each other for a while after a change; only then it is known what they need.
SETTLING_MS = 20
LARGEST = "Text is as large as this window allows."
TOLD_MS = 6000


def share(room: QSize, needed: QSize) -> float:
    """Return by what factor something can grow in a room; below 1 it has to shrink."""
    return min(room.width() / max(needed.width(), 1), room.height() / max(needed.height(), 1))


class Before:
    """How the window was divided before the text was made larger."""

    def __init__(self, window: MainWindow) -> None:
        self._restored = False
        self._size, self._state = window.size(), window.saveState()
        self._centre, self._rows = window.centralWidget().width(), window.splitter.sizes()

    def restore(self, window: MainWindow) -> bool:
        """Divide it so again; return whether to look once more how much of that has room.

        First every dock goes to its place. Where that has no room and some went behind one another again, only the
        line between grid and docks goes back.
        """
        if window.size() != self._size:
            return False
        if not self._restored:
            self._restored = True
            window.restoreState(self._state)
            window.splitter.setSizes(self._rows)
            return True
        docks = [dock for dock in window.docks.values() if dock.isVisible() and not dock.isFloating()]
        aside = max(docks, key=lambda dock: dock.geometry().right(), default=None)
        if aside is not None:
            width = aside.width() + window.centralWidget().width() - self._centre
            window.resizeDocks([aside], [width], Qt.Orientation.Horizontal)
            window.splitter.setSizes(self._rows)
        return False


class TextFit(QObject):
    """Keeps the text at the size that was asked for, or at the largest one that the window has room for.

    It grows again only after something outside has changed, once: so it comes to rest. A size that is asked for now
    and has no room is not kept in mind, so that the next key starts from what is to be seen. What text that was too
    large has pushed aside comes back.
    """

    def __init__(
        self,
        store: SessionStore,
        window: MainWindow,
        theme: Theme,
        notifications: Notifications,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window, self._theme = window, theme
        self._may_grow = False
        self._wanted = theme.wanted
        self._needed = QSize()
        self._asked = False
        self._before: Before | None = None
        self._soon = QTimer(window, singleShot=True, interval=SETTLING_MS)
        self._soon.timeout.connect(self._on_soon_timeout)
        theme.changed.connect(self._on_theme_changed)
        notifications.changed.connect(self._on_room_changed)
        for dock in window.docks.values():
            dock.visibilityChanged.connect(self._on_content_changed)
        window.resized.connect(self._on_room_changed)
        window.strip.canvas.rowsChanged.connect(self._on_content_changed)
        window.grid.pointsChanged.connect(self._on_content_changed)
        store.changed.connect(self._on_content_changed)

    @property
    def settling(self) -> bool:
        """Whether it is about to look again."""
        return self._soon.isActive()

    @Slot()
    def _on_content_changed(self) -> None:
        self._soon.start()

    @Slot()
    def _on_room_changed(self) -> None:
        self._may_grow = True
        self._soon.start()

    @Slot()
    def _on_theme_changed(self) -> None:
        if self._theme.wanted != self._wanted:
            self._may_grow = self._asked = True
            if self._before is None and self._window.isVisible():
                self._before = Before(self._window)
            if self._window.status.currentMessage() == LARGEST:
                self._window.status.clearMessage()
        self._wanted = self._theme.wanted
        self._soon.start()

    @Slot()
    def _on_soon_timeout(self) -> None:
        if not self._window.isVisible():
            return
        needed = self._window.minimumSizeHint()
        if needed != self._needed:  # not settled yet
            self._needed = needed
            self._soon.start()
            return
        now, factor = self._theme.scale, share(self._window.size(), needed)
        smaller = [step for step in SCALES if step < now]
        larger = [step for step in SCALES if now < step <= min(self._theme.wanted, now * factor)]
        if factor < 1 and self._window.condense():
            self._needed, self._may_grow = QSize(), True
            self._soon.start()
            return
        if factor < 1 and smaller:
            self._may_grow = False
            self._shrink(max((step for step in smaller if step <= now * factor), default=smaller[0]))
        elif larger and self._may_grow:
            self._theme.give_way(larger[-1])
        else:
            self._rest()

    def _shrink(self, scale: float) -> None:
        if not self._asked:
            self._theme.give_way(scale)
            return
        self._wanted = scale
        self._theme.settle_for(scale)
        self._window.status.showMessage(LARGEST, TOLD_MS)

    def _rest(self) -> None:
        self._asked = False
        if self._before is not None and self._before.restore(self._window):
            self._needed = QSize()
            self._soon.start()
        else:
            self._before = None
