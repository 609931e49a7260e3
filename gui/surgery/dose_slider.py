"""The dose slider: large, with a tick where the operation changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from gui.surgery.dose_scale import DoseScale

if TYPE_CHECKING:
    from gui.theme.theme import Theme

HEIGHT, KNOB, GROOVE = 40, 11, 6


class DoseSlider(QAbstractSlider):
    """A slider over a range of doses.

    Signals
    -------
    doseMoved(float, bool)
        Another dose, and whether the knob is still held.
    """

    doseMoved = Signal(float, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._scale, self._neutral, self._color = DoseScale(0.0, 1.0), 0.0, ""
        self._dose = 0.0
        self._told = False
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.valueChanged.connect(self._on_value_changed)
        theme.changed.connect(self.updateGeometry)

    def set_scale(self, scale: DoseScale, neutral: float | None, operation: str) -> None:
        """Take another range, the dose that changes nothing, and the operation whose colour it has."""
        self._scale, self._color = scale, operation
        self._neutral = scale.low if neutral is None else neutral
        self._told = True
        self.setRange(0, scale.steps)
        self.setSingleStep(max(scale.steps // 100, 1))
        self.setPageStep(max(scale.steps // 10, 1))
        self._told = False
        self.update()

    def set_dose(self, dose: float) -> None:
        """Show a dose without saying so; one outside the range is shown at the end."""
        self._dose = dose
        self._told = True
        self.setValue(self._scale.step_of(dose))
        self._told = False
        self.update()

    @property
    def dose(self) -> float:
        """The dose that is shown."""
        return self._dose

    def sizeHint(self) -> QSize:
        """Return room for a drag that can be aimed."""
        return QSize(self._theme.pixels(220), self._theme.pixels(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Return the least room for a drag."""
        return QSize(self._theme.pixels(80), self._theme.pixels(HEIGHT))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the knob, wherever the groove was pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._drag_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the knob."""
        if self.isSliderDown():
            self._drag_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the knob."""
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self._drag_to(event.position().x())
            self.setSliderDown(False)
            self.doseMoved.emit(self._dose, False)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second press is a press."""
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go in steps; Up and Right are more."""
        pages = {Qt.Key.Key_PageUp: self.pageStep(), Qt.Key.Key_PageDown: -self.pageStep()}
        if event.key() in pages:
            self.setValue(self.value() + pages[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn only when the slider has the focus, so that scrolling past changes nothing."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint groove, filling from the neutral dose, ticks and knob."""
        p, px = self._theme.palette, self._theme.pixels
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = QColor(p.operation(self._color) if self.isEnabled() else p.border_strong)
        middle, half = px(HEIGHT * 0.4), px(GROOVE) / 2
        start, end = self._x(self._scale.low), self._x(self._scale.high)
        painter.setPen(QPen(QColor(p.border_strong), 1))
        painter.setBrush(QColor(p.sunken))
        painter.drawRoundedRect(QRectF(start, middle - half, end - start, 2 * half), half, half)
        neutral, here = self._x(self._neutral), self._x(self._dose)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        left, right = min(neutral, here), max(neutral, here)
        painter.drawRoundedRect(QRectF(left, middle - half, right - left, 2 * half), half, half)
        self._ticks(painter, middle + px(KNOB) + 1)
        radius = px(KNOB) - 2
        if self.hasFocus():
            painter.setBrush(QColor(p.accent_soft))
            painter.setPen(QPen(QColor(p.accent), 2))
            painter.drawEllipse(QPointF(here, middle), radius + 3, radius + 3)
        painter.setPen(QPen(QColor(p.surface), 2))
        painter.setBrush(color)
        painter.drawEllipse(QPointF(here, middle), radius, radius)

    def _ticks(self, painter: QPainter, top: float) -> None:
        """Number the anchors; the dose that changes nothing is bold."""
        p, px = self._theme.palette, self._theme.pixels
        for value in sorted({self._scale.low, self._scale.high, *self._scale.anchors}):
            x, is_neutral = self._x(value), value == self._neutral
            painter.setPen(QPen(QColor(p.text if is_neutral else p.text_faint), 2 if is_neutral else 1))
            painter.drawLine(QPointF(x, top - px(3)), QPointF(x, top))
            painter.setFont(self._theme.font(10, bold=is_neutral))
            painter.setPen(QColor(p.text if is_neutral else p.text_muted))
            box = QRectF(x - px(20), top, px(40), px(13))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{value:g}".replace("-", "−"))

    def _x(self, dose: float) -> float:
        margin = self._theme.pixels(KNOB + 3)
        return margin + self._scale.fraction(dose) * max(self.width() - 2 * margin, 1)

    def _drag_to(self, x: float) -> None:
        margin = self._theme.pixels(KNOB + 3)
        self.setValue(self._scale.at((x - margin) / max(self.width() - 2 * margin, 1)))
        self.update()

    def _on_value_changed(self, step: int) -> None:
        if not self._told:
            self._dose = self._scale.value(step)
            self.doseMoved.emit(self._dose, self.isSliderDown())
