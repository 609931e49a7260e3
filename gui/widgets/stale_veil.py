"""The veil over an answer to an earlier question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from gui.theme.theme import Theme

DELAY_MS = 250
UPDATING = "updating\N{HORIZONTAL ELLIPSIS}"
OUTDATED = "answers an earlier question"


class StaleVeil(QWidget):
    """Lies over its parent and lets the mouse through.

    While an answer is on its way it appears only when waiting gets noticeable. Where none is coming
    it is there at once, and stays.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._outdated = self._long = False
        self._delay = QTimer(self, singleShot=True, interval=DELAY_MS)
        self._delay.timeout.connect(self._on_delay_timeout)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def mark(self) -> str:
        """The words on it."""
        return UPDATING if self._long else OUTDATED if self._outdated else ""

    @property
    def waiting(self) -> bool:
        """Whether it is about to appear."""
        return self._delay.isActive()

    def set_stale(self, stale: bool) -> None:
        """Appear after a moment, or be gone at once."""
        if not stale:
            self._delay.stop()
            self._long = False
            self._appear()
        elif not self._long and not self._delay.isActive():
            self._delay.start()

    def set_outdated(self, outdated: bool) -> None:
        """Appear at once and stay, or no longer; what is on its way has the word while it lasts."""
        self._outdated = outdated
        self._appear()

    def _on_delay_timeout(self) -> None:
        self._long = True
        self._appear()

    def _appear(self) -> None:
        self.setAccessibleName(self.mark)
        self.setVisible(bool(self.mark))
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        theme = self.theme
        p = theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.color(p.surface, 120))
        font = theme.font(13)
        metrics = QFontMetricsF(font)
        height, margin = metrics.height() + theme.pixels(8), theme.pixels(8)
        width = metrics.horizontalAdvance(self.mark) + theme.pixels(20)
        pill = QRectF((self.width() - width) / 2, self.height() - height - margin, width, height)
        painter.setPen(QColor(p.border_strong))
        painter.setBrush(QColor(p.raised))
        painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), height / 2, height / 2)
        painter.setFont(font)
        painter.setPen(QColor(p.text_muted))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, self.mark)
        painter.end()
