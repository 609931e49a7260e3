"""Panels, then text, that give way where the window is too small, so that nothing is cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, QTimer, Slot

from gui.theme.theme import SCALES

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.notifications import Notifications
    from gui.store import SessionStore
    from gui.theme.theme import Theme

# Layouts ask each other for a while after a change; only then it is known what they need.
SETTLING_MS = 20


def share(room: QSize, needed: QSize) -> float:
    """Return by what factor something can grow in a room; below 1 it has to shrink."""
    return min(room.width() / max(needed.width(), 1), room.height() / max(needed.height(), 1))


class TextFit(QObject):
    """Keeps the text at the size that was asked for, or at the largest one that the window has room for.

    It grows again only after something outside has changed, once: so it comes to rest.
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
        self._soon = QTimer(window)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SETTLING_MS)
        self._soon.timeout.connect(self._on_soon_timeout)
        theme.changed.connect(self._on_theme_changed)
        notifications.changed.connect(self._on_room_changed)
        for dock in window.docks.values():
            dock.visibilityChanged.connect(self._on_room_changed)
        window.resized.connect(self._on_room_changed)
        window.strip.canvas.rowsChanged.connect(self._on_content_changed)
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
        self._may_grow = self._may_grow or self._theme.wanted != self._wanted
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
            self._theme.give_way(max((step for step in smaller if step <= now * factor), default=smaller[0]))
        elif larger and self._may_grow:
            self._theme.give_way(larger[-1])
