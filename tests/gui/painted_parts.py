"""Which parts of a widget are painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QPaintEvent

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class PaintedParts(QObject):
    """Notes every part of a widget that is painted from now on."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.seen: list[QRect] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Note what is to be painted."""
        if isinstance(event, QPaintEvent):
            self.seen.append(event.rect())
        return False
