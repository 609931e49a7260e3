"""What the colours of a map mean: a ramp with its numbers, and how estimates and gaps look."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log10
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme.heat import heat
from gui.widgets.number_format import plain, signed

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from gui.theme.theme import Theme

SIZE, RAMP, LEAST_RAMP, STEPS = 12, 160, 60, 101


def end_words(limit: float, *, is_signed: bool, clipped: bool) -> tuple[str, str, str]:
    """Return the numbers below a ramp: its start, its middle and its end."""
    small = max(3, ceil(-log10(limit))) if limit > 0 else 3
    digits = small if limit < 0.1 else 2 if limit < 10 else 1
    beyond = "\N{GREATER-THAN OR EQUAL TO}\N{THIN SPACE}" if clipped else ""
    before = "\N{LESS-THAN OR EQUAL TO}\N{THIN SPACE}" if clipped else ""
    if not is_signed:
        return "0", "", beyond + plain(limit, digits)
    return before + signed(-limit, digits), "0", beyond + signed(limit, digits)


@dataclass(frozen=True)
class Scale:
    """What the colours of a map mean.

    Attributes
    ----------
    title : str
        What is shown.
    limit : float
        The number at the end of the ramp.
    signed : bool
        Whether there are numbers below zero.
    clipped : bool
        Whether there are numbers beyond the limit.
    estimated, gaps : bool
        Whether there are estimates, and cells without a number.
    """

    title: str
    limit: float
    signed: bool = True
    clipped: bool = False
    estimated: bool = False
    gaps: bool = False


class HeatLegend(QWidget):
    """One line: what is shown, the ramp between its numbers, and samples of what is hatched or empty."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._scale: Scale | None = None
        self._title, self._ends, self._signed = "", ("", "", ""), True
        self._samples: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._on_theme_changed)

    @property
    def words(self) -> str:
        """All that is written."""
        return " ".join(each for each in (self._title, *self._ends, *self._samples) if each)

    def show_scale(self, scale: Scale) -> None:
        """Show what a map's colours mean."""
        if scale == self._scale:
            return
        self._scale, self._title, self._signed = scale, scale.title, scale.signed
        self._ends = end_words(scale.limit, is_signed=scale.signed, clipped=scale.clipped)
        self._samples = (*(["estimate"] if scale.estimated else []), *(["not run"] if scale.gaps else []))
        self.setAccessibleName(self.words)
        self.setToolTip(scale.title)
        self.update()

    def show_nothing(self) -> None:
        """Show no map's colours."""
        self._scale, self._title, self._ends, self._samples = None, "", ("", "", ""), ()
        self.setAccessibleName("")
        self.setToolTip("")
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self._theme.pixels(300), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(self._theme.pixels(200), round(self._line()) + self._theme.pixels(6))

    def _line(self) -> float:
        return QFontMetricsF(self._theme.font(SIZE)).height()

    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        p, px = self._theme.palette, self._theme.pixels
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(p.surface))
        if not self._title:
            painter.end()
            return
        font = self._theme.font(SIZE)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        base, gap = (self.height() + metrics.ascent() - metrics.descent()) / 2, px(6)
        x, right = float(px(10)), float(self.width() - px(10))
        swatch = float(px(12))
        samples = sum(swatch + metrics.horizontalAdvance(each) + 3 * gap for each in self._samples)
        numbers = sum(metrics.horizontalAdvance(each) for each in (self._ends[0], self._ends[2])) + 2 * gap
        title = min(metrics.horizontalAdvance(self._title), right - x - numbers - px(LEAST_RAMP) - gap)
        if title - gap > px(30):
            painter.setPen(QColor(p.text))
            words = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, title + 1)
            painter.drawText(QPointF(x, base), words)
            x += title + 2 * gap
        with_samples = right - x - numbers - samples >= px(LEAST_RAMP)
        ramp = min(float(px(RAMP)), right - x - numbers - (samples if with_samples else 0))
        x = self._paint_ramp(painter, x, ramp, base)
        if with_samples:
            self._paint_samples(painter, x + 2 * gap, swatch, base)
        painter.end()

    def _paint_ramp(self, painter: QPainter, x: float, width: float, base: float) -> float:
        """Draw the ramp between its numbers and return where it ends."""
        p, px = self._theme.palette, self._theme.pixels
        metrics, gap = QFontMetricsF(painter.font()), px(6)
        painter.setPen(QColor(p.text_muted))
        painter.drawText(QPointF(x, base), self._ends[0])
        x += metrics.horizontalAdvance(self._ends[0]) + gap
        shares = np.linspace(-1 if self._signed else 0, 1, STEPS)[None]
        data = np.ascontiguousarray(heat(p, shares, signed=self._signed))
        image = QImage(data.data, STEPS, 1, 3 * STEPS, QImage.Format.Format_RGB888)
        box = QRectF(x, (self.height() - px(12)) / 2, max(width, 1.0), px(12))
        painter.drawImage(box, image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(p.border_strong))
        painter.drawRect(box)
        if self._ends[1]:
            middle = box.center().x()
            painter.setPen(QColor(p.text))
            painter.drawLine(QPointF(middle, box.top() - px(2)), QPointF(middle, box.bottom() + px(2)))
        x = box.right() + gap
        painter.setPen(QColor(p.text_muted))
        painter.drawText(QPointF(x, base), self._ends[2])
        return x + metrics.horizontalAdvance(self._ends[2])

    def _paint_samples(self, painter: QPainter, x: float, swatch: float, base: float) -> None:
        p, metrics = self._theme.palette, QFontMetricsF(painter.font())
        for words in self._samples:
            box = QRectF(x, (self.height() - swatch) / 2, swatch, swatch)
            if words == "estimate":
                painter.fillRect(box, QColor(p.sunken))
                painter.fillRect(box, QBrush(self._theme.color(p.text, 110), Qt.BrushStyle.BDiagPattern))
            painter.setPen(QColor(p.border_strong))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box)
            x += swatch + self._theme.pixels(5)
            painter.setPen(QColor(p.text_muted))
            painter.drawText(QPointF(x, base), words)
            x += metrics.horizontalAdvance(words) + self._theme.pixels(13)
