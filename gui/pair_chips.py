"""The pairs of tokens that are compared, as chips that can be taken away."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from gui.theme.theme import Theme


BROKEN = "This pair is not in this prompt, so it is not compared."


class PairChip(QAbstractButton):
    """One pair; a click takes it away. A broken one is not to be found in the prompt."""

    def __init__(self, theme: Theme, label: str, color: int, parent: QWidget, *, broken: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self.broken = broken
        self._color = color
        self.setText(label)
        self.setToolTip(f"{BROKEN} Click to stop comparing {label}." if broken else f"Stop comparing {label}")
        self.setAccessibleDescription(BROKEN if broken else "")
        self.setAccessibleName(f"Remove the pair {label}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFont(theme.font(13))

    def sizeHint(self) -> QSize:
        """Return room for the swatch, the text and the cross."""
        px = self._theme.pixels
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + px(50), px(26))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chip."""
        theme, px, p = self._theme, self._theme.pixels, self._theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().adjusted(1, 1, -1, -1)
        lit = self.underMouse() or self.hasFocus()
        edge = QPen(theme.color(p.accent if lit else p.text_faint if self.broken else p.border_strong))
        edge.setStyle(Qt.PenStyle.DashLine if self.broken else Qt.PenStyle.SolidLine)
        painter.setPen(edge)
        painter.setBrush(theme.color(p.window if self.broken else p.raised))
        painter.drawRoundedRect(box, px(6), px(6))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(p.border_strong if self.broken else p.pairs[self._color % len(p.pairs)]))
        painter.drawEllipse(QRect(px(10), box.center().y() - px(4), px(9), px(9)))
        painter.setPen(theme.color(p.text_muted if self.broken else p.text))
        painter.drawText(box.adjusted(px(26), 0, -px(20), 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setPen(theme.color(p.danger if lit else p.text_muted))
        painter.drawText(
            box.adjusted(0, 0, -px(8), 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, "×"
        )


class PairChips(QWidget):
    """A row of chips; hidden while there is no pair.

    Signals
    -------
    removed(int)
        Index of the pair that is no longer wanted.
    """

    removed = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._labels: tuple[str, ...] = ()
        self._broken: frozenset[int] = frozenset()
        self._chips: list[PairChip] = []
        self._row = QHBoxLayout(self)
        self._caption = QLabel("Comparing", self)
        self._caption.setProperty("kind", "caption")
        self._row.addWidget(self._caption)
        self._row.addStretch(1)
        self._row.setContentsMargins(0, 0, 0, 0)
        theme.changed.connect(self._rebuild)
        self._rebuild()

    def set_labels(self, labels: tuple[str, ...], broken: frozenset[int] = frozenset()) -> None:
        """Show these pairs, in order; ``broken`` are the indices of those that this prompt does not have."""
        if (labels, broken) != (self._labels, self._broken):
            self._labels, self._broken = labels, broken
            self._rebuild()

    def _rebuild(self) -> None:
        for chip in self._chips:
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = []
        for index, label in enumerate(self._labels):
            chip = PairChip(self._theme, label, index, self, broken=index in self._broken)
            chip.clicked.connect(partial(self.removed.emit, index))
            self._row.insertWidget(1 + index, chip)
            self._chips.append(chip)
        self.setVisible(bool(self._labels))
