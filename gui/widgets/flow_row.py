"""Widgets side by side, in as many rows as the width needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from gui.theme.theme import Theme

GAP, MARGIN = 6, 10


class FlowRow(QWidget):
    """Lays its widgets out as words of a text are, each as wide as it wishes to be."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._widgets: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def add(self, widget: QWidget) -> None:
        """Put a widget behind the others."""
        widget.setParent(self)
        self._widgets.append(widget)

    def lay_out(self) -> None:
        """Give every widget its place; to be called when one was shown, hidden or has another size."""
        gap, margin = self._theme.pixels(GAP), self._theme.pixels(MARGIN)
        shown = [each for each in self._widgets if not each.isHidden()]
        wishes = [each.sizeHint().expandedTo(each.minimumSize()).boundedTo(each.maximumSize()) for each in shown]
        row = max((wish.height() for wish in wishes), default=0)
        x, y = margin, margin // 2
        for widget, wish in zip(shown, wishes, strict=True):
            width = min(wish.width(), max(self.width() - 2 * margin, widget.minimumSizeHint().width()))
            if x > margin and x + width > self.width() - margin:
                x, y = margin, y + row + gap
            widget.setGeometry(x, y, width, row)
            x += width + gap
        if self.height() != y + row + margin // 2:
            self.setFixedHeight(y + row + margin // 2)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        widest = max((each.minimumSizeHint().width() for each in self._widgets if not each.isHidden()), default=0)
        return QSize(widest + 2 * self._theme.pixels(MARGIN), self.height())

    def sizeHint(self) -> QSize:  # noqa: D102
        return self.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.lay_out()

    def event(self, event: QEvent) -> bool:
        """Follow widgets that have another size now."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.lay_out()
        return super().event(event)
