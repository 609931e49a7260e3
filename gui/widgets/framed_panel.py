"""The frame that panels share: their drawing, or the reason why there is none, under a veil while stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedLayout, QWidget

from gui.panel import Panel
from gui.widgets.empty_state import EmptyState, Picture
from gui.widgets.stale_veil import StaleVeil

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from gui.theme.theme import Theme


class FramedPanel(Panel):
    """A panel that holds one body.

    Parameters
    ----------
    body : QWidget
        What is shown when there are numbers.
    picture : {"curve", "bars", "lines"}
        The picture shown when there are none.
    """

    def __init__(self, theme: Theme, body: QWidget, picture: Picture, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.body = body
        self.empty = EmptyState(theme, picture)
        self.veil = StaleVeil(theme, self)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(body)
        self._pages.addWidget(self.empty)
        self._pages.setCurrentWidget(self.empty)
        theme.changed.connect(self._on_theme_changed)

    @property
    def reason(self) -> str:
        """Why there is nothing to see; empty when there is."""
        return self.empty.text if self._pages.currentWidget() is self.empty else ""

    def show_body(self) -> None:
        """Bring the drawing to the front."""
        self.set_stale(False)
        self.set_outdated(False)
        self._pages.setCurrentWidget(self.body)

    def show_reason(self, reason: str) -> None:  # noqa: D102
        self.set_stale(False)
        self.set_outdated(False)
        self.empty.show_text(reason)
        self._pages.setCurrentWidget(self.empty)

    def set_stale(self, stale: bool) -> None:  # noqa: D102
        self.veil.set_stale(stale)

    def set_outdated(self, outdated: bool) -> None:  # noqa: D102
        # A reason is no number: it answers nothing that could be out of date.
        self.veil.set_outdated(outdated and not self.reason)

    def restyle(self) -> None:
        """Take colours and sizes from the theme again."""
        self.empty.updateGeometry()
        self.empty.update()
        self.veil.update()

    def _on_theme_changed(self) -> None:
        self.restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self.veil.setGeometry(self.rect())
