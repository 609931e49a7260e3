"""When widgets were last painted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class Painted(QObject):
    """Knows when each of some widgets was last painted, in seconds of `time.perf_counter`."""

    def __init__(self, widgets: list[QWidget]) -> None:
        super().__init__()
        self._widgets = widgets
        self._begun: dict[QObject, float] = {}
        self.last: dict[QObject, tuple[float, float]] = {}
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Note that a painting begins, and its end as soon as the event loop is free again."""
        if event.type() == QEvent.Type.Paint:
            self._begun[watched] = time.perf_counter()
            QTimer.singleShot(0, self, self._on_free)
        return False

    def _on_free(self) -> None:
        now = time.perf_counter()
        self.last |= {widget: (begun, now) for widget, begun in self._begun.items()}
        self._begun.clear()

    def all_since(self, moment: float) -> float | None:
        """Return when the last of them was painted, if each was begun after a moment."""
        known = [self.last.get(widget, (0.0, 0.0)) for widget in self._widgets]
        return max(end for _, end in known) if all(begun > moment for begun, _ in known) else None

    def close(self) -> None:
        """Watch no longer."""
        for widget in self._widgets:
            widget.removeEventFilter(self)
