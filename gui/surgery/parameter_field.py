"""One field per parameter of an operation, built from the parameter's declaration."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from core.interventions.operation import Parameter
from core.interventions.plan import ParamValue
from core.sessions.settings import SEEDS
from gui.surgery.dose_scale import dose_scale
from gui.surgery.dose_slider import DoseSlider
from gui.surgery.incision_words import parameter_sign

if TYPE_CHECKING:
    from gui.theme.theme import Theme

WIDEST_NUMBER, LARGEST_INT, SHORT_SEEDS = 1e6, 2**31 - 1, 10_000
NUMBER_WIDTH, FRAME_WIDTH, FIELD_GAP = 94, 40, 6
SEEDS_HELP = "Repeat with this many seeds, from this one on: figures are means, and curves show a band."
PIPS = ((0.28, 0.28), (0.72, 0.28), (0.5, 0.5), (0.28, 0.72), (0.72, 0.72))


def least_width(row: QHBoxLayout, without: tuple[QWidget, ...]) -> int:
    """Return the least width of a row of controls without some of them; others that are hidden do not count."""
    items = (row.itemAt(index) for index in range(row.count()))
    widgets = [item.widget() for item in items if item is not None]
    shown = [each for each in widgets if each is not None and each not in without]
    widths = [each.minimumWidth() or each.minimumSizeHint().width() for each in shown]
    return sum(widths) + row.spacing() * (len(widths) - 1)


def room_for(box: QSpinBox, words: str, theme: Theme) -> int:
    """Return how wide a box is that holds these words, its frame and its arrows."""
    return box.fontMetrics().horizontalAdvance(words) + theme.pixels(FRAME_WIDTH)


class ParameterField(QWidget):
    """A label and the controls of one parameter.

    Signals
    -------
    edited(str, object, bool)
        Name, wanted value, and whether a slider is still held.
    """

    edited = Signal(str, object, bool)

    def __init__(self, theme: Theme, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.parameter = theme, parameter
        self.label = QLabel(parameter.label, self)
        self.label.setToolTip(parameter.help)
        self.label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(theme.pixels(FIELD_GAP))
        self.row.addWidget(self.label)
        theme.changed.connect(self.refresh_sizes)

    def refresh_sizes(self) -> None:
        """Follow the text size."""

    def optional(self) -> tuple[QWidget, ...]:
        """Return what is left out where room is scarce."""
        return (self.label,)

    def least_width(self, tight: bool) -> int:
        """Return the least width, with or without what can be left out."""
        return least_width(self.row, self.optional() if tight else ())

    def set_tight(self, tight: bool) -> None:
        """Leave out what can be left out, or not."""
        for widget in self.optional():
            widget.setVisible(not tight)

    def set_value(self, value: ParamValue) -> None:
        """Show a value without saying so."""
        raise NotImplementedError

    def say(self, value: ParamValue, dragging: bool = False) -> None:
        """Tell what is wanted."""
        self.edited.emit(self.parameter.name, value, dragging)

    def named(self, control: QWidget) -> None:
        """Put a control into the row, with what it is for."""
        control.setToolTip(self.parameter.help)
        control.setAccessibleName(self.parameter.label)
        self.row.addWidget(control)


class NumberBox(QDoubleSpinBox):
    """A number without superfluous zeros."""

    def textFromValue(self, value: float) -> str:
        """Return 0.5 rather than 0.500."""
        return f"{round(value, self.decimals()):g}" if abs(value) < WIDEST_NUMBER else f"{value:.0f}"


class NumberField(ParameterField):
    """A number: a slider over the range that is shown, and a box that takes more."""

    def __init__(
        self, theme: Theme, parameter: Parameter, neutral: float | None, operation: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, parameter, parent)
        self.sign = QLabel(parameter_sign(parameter), self)
        self.sign.setToolTip(parameter.help)
        self.sign.hide()
        self.row.addWidget(self.sign)
        self.slider = DoseSlider(theme, self)
        self.slider.set_scale(dose_scale(*parameter.shown, neutral), neutral, operation)
        self.box = NumberBox(self)
        self.box.setLocale(QLocale.c())
        self.box.setDecimals(3)
        self.box.setRange(max(parameter.minimum, -WIDEST_NUMBER), min(parameter.maximum, WIDEST_NUMBER))
        self.box.setSingleStep((parameter.shown[1] - parameter.shown[0]) / 40)
        self.box.setKeyboardTracking(False)
        self.named(self.slider)
        self.named(self.box)
        self.row.setStretch(self.row.indexOf(self.slider), 1)
        self.refresh_sizes()
        self.slider.doseMoved.connect(self._on_slider_dose_moved)
        self.box.valueChanged.connect(self.say)

    def refresh_sizes(self) -> None:
        """Follow the text size."""
        self.box.setFixedWidth(self.theme.pixels(NUMBER_WIDTH))
        self.sign.setFont(self.label.font())

    def least_width(self, tight: bool) -> int:
        """Return the least width, with the label or its sign."""
        return least_width(self.row, (self.label if tight else self.sign,))

    def set_tight(self, tight: bool) -> None:
        """Show the label, or only its sign."""
        self.label.setVisible(not tight)
        self.sign.setVisible(tight)

    def set_value(self, value: ParamValue) -> None:
        """Show a value without saying so."""
        number = float(value)
        if not (self.slider.isSliderDown() and math.isclose(number, self.slider.dose)):
            self.slider.set_dose(number)
        self._show_number(number)

    def _show_number(self, number: float) -> None:
        self.box.blockSignals(True)
        self.box.setValue(number)
        self.box.blockSignals(False)

    def _on_slider_dose_moved(self, dose: float, dragging: bool) -> None:
        self._show_number(dose)
        self.say(dose, dragging)


class WholeField(ParameterField):
    """A whole number; one called ``seed`` can be drawn anew."""

    def __init__(self, theme: Theme, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(theme, parameter, parent)
        self.box = QSpinBox(self)
        self.box.setLocale(QLocale.c())
        self.box.setRange(round(max(parameter.minimum, -LARGEST_INT)), round(min(parameter.maximum, LARGEST_INT)))
        self.box.setKeyboardTracking(False)
        self.named(self.box)
        self.box.valueChanged.connect(self.say)
        self.dice: QToolButton | None = None
        if parameter.name == "seed":
            self.dice = QToolButton(self)
            self.dice.setToolTip("Draw a new seed: the same strength of noise, another draw.")
            self.dice.setAccessibleName("new seed")
            self.dice.clicked.connect(self._on_dice_clicked)
            self.row.addWidget(self.dice)
        self.refresh_sizes()

    def optional(self) -> tuple[QWidget, ...]:
        """Return the label and the die."""
        return (self.label,) if self.dice is None else (self.label, self.dice)

    def set_tight(self, tight: bool) -> None:
        """Leave the label and the die out, or not; the number itself says then that it is a seed."""
        super().set_tight(tight)
        if self.dice is not None:
            self.box.setPrefix(f"{self.parameter.label} " if tight else "")
            self.refresh_sizes()

    def set_value(self, value: ParamValue) -> None:
        """Show a value without saying so."""
        self.box.blockSignals(True)
        self.box.setValue(int(value))
        self.box.blockSignals(False)

    def _on_dice_clicked(self) -> None:
        now = self.box.value()
        drawn = random.randrange(min(SHORT_SEEDS, self.box.maximum()))
        self.say(drawn if drawn != now else drawn + 1)

    def refresh_sizes(self) -> None:
        """Follow the text size and the colours."""
        prefixed = room_for(self.box, f"{self.box.prefix()}{SHORT_SEEDS - 1}", self.theme)
        self.box.setFixedWidth(max(prefixed, self.theme.pixels(NUMBER_WIDTH)))
        if self.dice is not None:
            self.dice.setIcon(dice_icon(self.theme))
            self.dice.setIconSize(QSize(self.theme.pixels(18), self.theme.pixels(18)))


class ChoiceField(ParameterField):
    """One of a few words."""

    def __init__(self, theme: Theme, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(theme, parameter, parent)
        self.combo = QComboBox(self)
        for value, word in zip(parameter.choices, parameter.called or parameter.choices, strict=True):
            self.combo.addItem(word, value)
        self.named(self.combo)
        self.combo.activated.connect(self._on_combo_activated)

    def set_value(self, value: ParamValue) -> None:
        """Show a value without saying so."""
        self.combo.setCurrentIndex(self.combo.findData(value))

    def _on_combo_activated(self, index: int) -> None:
        self.say(self.combo.itemData(index))


class SeedsField(QWidget):
    """Over how many seeds a random operation is run.

    Signals
    -------
    edited(int)
    """

    edited = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.label, self.box = QLabel("over", self), QSpinBox(self)
        self.box.setLocale(QLocale.c())
        self.box.setRange(round(SEEDS.minimum), round(SEEDS.maximum))
        self.box.setSuffix(" seeds")
        self.box.setSpecialValueText("1 seed")
        self.box.setKeyboardTracking(False)
        self.box.setAccessibleName("number of seeds")
        for widget in (self.label, self.box):
            widget.setToolTip(SEEDS_HELP)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(theme.pixels(FIELD_GAP))
        self.row.addWidget(self.label)
        self.row.addWidget(self.box)
        self.box.valueChanged.connect(self.edited)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def least_width(self, tight: bool) -> int:
        """Return the least width, with or without the label."""
        return least_width(self.row, (self.label,) if tight else ())

    def set_tight(self, tight: bool) -> None:
        """Leave the label out, or not."""
        self.label.setVisible(not tight)

    def set_count(self, count: int) -> None:
        """Show a number without saying so."""
        self.box.blockSignals(True)
        self.box.setValue(count)
        self.box.blockSignals(False)

    def _on_theme_changed(self) -> None:
        self.box.setFixedWidth(room_for(self.box, f"{self.box.maximum()}{self.box.suffix()}", self._theme))


def dice_icon(theme: Theme) -> QIcon:
    """Return a die showing five, in the colour of text."""
    side = theme.pixels(18) * 2
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = QColor(theme.palette.text)
    painter.setPen(QPen(ink, side * 0.07))
    painter.drawRoundedRect(QRectF(side * 0.08, side * 0.08, side * 0.84, side * 0.84), side * 0.18, side * 0.18)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    for x, y in PIPS:
        painter.drawEllipse(QPointF(x * side, y * side), side * 0.08, side * 0.08)
    painter.end()
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)
