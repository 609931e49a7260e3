"""A text on as many lines as there is room for; what has none is told in its tip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from gui.theme.theme import Theme

SIZE, LEAST = 13, 80


def wrapped(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """Return a text as at most so many lines of a width; the last one is shortened."""
    made: list[str] = [""]
    for word in text.split():
        longer = f"{made[-1]} {word}".strip()
        if not made[-1] or metrics.horizontalAdvance(longer) <= width:
            made[-1] = longer
        else:
            made.append(word)
    last = metrics.elidedText(" ".join(made[most - 1 :]), Qt.TextElideMode.ElideRight, width)
    return made if len(made) <= most else [*made[: most - 1], last]


class WrappedLabel(QWidget):
    """Words in the middle of their height; the last line that fits is shortened.

    Attributes
    ----------
    alarming : bool
        Whether they say what is wrong.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.text, self.alarming = theme, "", False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    def set_text(self, text: str, *, alarming: bool = False) -> None:
        """Show other words; alarming ones in the colour of what is wrong."""
        self.text, self.alarming = text, alarming
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def minimumSizeHint(self) -> QSize:
        """Return room for a few words."""
        return QSize(self._theme.pixels(LEAST), self._theme.pixels(SIZE))

    def sizeHint(self) -> QSize:
        """Return room for a few words."""
        return self.minimumSizeHint()

    def lines(self) -> list[str]:
        """Return the lines that have room."""
        metrics = QFontMetrics(self._theme.font(SIZE))
        return wrapped(self.text, metrics, self.width(), max(self.height() // metrics.lineSpacing(), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the lines."""
        painter = QPainter(self)
        painter.setFont(self._theme.font(SIZE))
        palette = self._theme.palette
        painter.setPen(QColor(palette.danger if self.alarming else palette.text_muted))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, "\n".join(self.lines()))
