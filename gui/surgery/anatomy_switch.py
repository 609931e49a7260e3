"""The switch that shows what heads were measured to do, and the line that says what the letters mean."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from gui.widgets.anatomy_words import SWITCH_KEY, Anatomy

if TYPE_CHECKING:
    from gui.theme.theme import Theme

HELP = (
    f"What each head was measured to do, as letters in the grid ({SWITCH_KEY}). Guess first: right-click a head, or "
    "press the Menu key on it."
)


def _unbroken(text: str) -> str:
    return escape(text).replace(" ", "&nbsp;").replace("-", "\N{NON-BREAKING HYPHEN}")


class AnatomySwitch(QPushButton):
    """Off whenever a model is opened; greyed, with the reason, where nothing was measured."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Anatomy", parent)
        self._theme = theme
        self.setCheckable(True)
        self.setProperty("kind", "segment")
        self.setProperty("tight", True)
        self.setProperty("place", "only")
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.show_anatomy(None, "")

    def show_anatomy(self, anatomy: Anatomy | None, reason: str) -> None:
        """Offer the labels of a model, or say why there are none."""
        self.setEnabled(anatomy is not None)
        self.setChecked(anatomy is not None and anatomy.shown)
        self.setToolTip(HELP if anatomy is not None else reason)
        state = "shown" if anatomy is not None and anatomy.shown else "hidden"
        self.setAccessibleName("anatomy: labels of heads")
        self.setAccessibleDescription(reason if anatomy is None else f"{state}. {HELP}")

    def _on_theme_changed(self) -> None:
        self.setFont(self._theme.font(13))


class AnatomyRow(QWidget):
    """Under the grid: what the letters mean, and how many guesses were right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: Anatomy | None = None
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.words.setWordWrap(True)
        box = QHBoxLayout(self)
        box.setSpacing(0)
        box.addWidget(self.words)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.show_anatomy(None)

    def show_anatomy(self, anatomy: Anatomy | None) -> None:
        """Say what the letters mean, while they are to be seen."""
        self._shown = anatomy if anatomy is not None and anatomy.shown else None
        self.setVisible(self._shown is not None)
        self._write()

    def _write(self) -> None:
        p = self._theme.palette
        if self._shown is None:
            return
        box = f"background-color: {p.text}; color: {p.surface}; font-weight: bold"
        parts = [
            f"<span style='{box}'>&nbsp;{escape(tag)}&nbsp;</span>&nbsp;{_unbroken(title)}"
            for tag, title in self._shown.legend()
        ]
        tally = _unbroken(self._shown.tally())
        parts += [f"<b>{tally}</b>"] if tally else []
        self.words.setText("&nbsp;&nbsp; ".join(parts) or "No head earned a label.")
        self.words.setAccessibleName(
            ", ".join([*(f"{tag} {title}" for tag, title in self._shown.legend()), self._shown.tally()]).strip(", ")
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.palette.surface))
        painter.end()

    def _on_theme_changed(self) -> None:
        px = self._theme.pixels
        box = self.layout()
        if box is not None:
            box.setContentsMargins(px(10), px(2), px(10), px(4))
        self.words.setFont(self._theme.font(13))
        self._write()
