"""How a continuation is made, in one row of fields, and the button that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QPushButton, QSpinBox

from core.sessions.settings import GENERATION
from gui.widgets.flow_row import FlowRow

if TYPE_CHECKING:
    from core.runs.generation import Generation
    from gui.theme.theme import Theme

HOLDS = {"prompt": "incisions: prompt only", "new": "incisions: new tokens too"}
KEY = "Ctrl+G"
SAMPLING = ("top_k", "top_p", "seed")
SHORT = {"temperature": "temp."}
LARGEST = 2**31 - 1
STEPS = {"temperature": 0.1, "top_p": 0.05}


class PlainNumber(QDoubleSpinBox):
    """A number without superfluous zeros."""

    def textFromValue(self, value: float) -> str:
        """Return 0.5 rather than 0.500."""
        return f"{round(value, self.decimals()):g}"


class GenerationBar(FlowRow):
    """Shows the settings and says what is wished for.

    Signals
    -------
    settingChanged(str, object)
        Name and wanted value.
    startWanted(), stopWanted()
    """

    settingChanged = Signal(str, object)
    startWanted = Signal()
    stopWanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.button = QPushButton(self)
        self.fields: dict[str, QSpinBox | QDoubleSpinBox | QComboBox] = {}
        self._running = self._fills = False
        self.add(self.button)
        for name in ("length", "hold", "temperature", *SAMPLING):
            self.fields[name] = self._field(name)
            self.add(self.fields[name])
        self.button.clicked.connect(self._on_button_clicked)
        theme.changed.connect(self._on_theme_changed)
        self._write_button()
        self._on_theme_changed()

    def _field(self, name: str) -> QSpinBox | QDoubleSpinBox | QComboBox:
        parameter = GENERATION[name]
        field: QSpinBox | QDoubleSpinBox | QComboBox
        if parameter.kind == "choice":
            field = QComboBox(self)
            for choice in parameter.choices:
                field.addItem(HOLDS[choice], choice)
            field.activated.connect(lambda place: self.settingChanged.emit(name, parameter.choices[place]))
        else:
            field = QSpinBox(self) if parameter.kind == "int" else PlainNumber(self)
            field.setLocale(QLocale.c())
            field.setPrefix(f"{SHORT.get(name, parameter.label)} ")
            field.setKeyboardTracking(False)
            if isinstance(field, QDoubleSpinBox):
                field.setDecimals(3)
                field.setRange(parameter.minimum, parameter.maximum)
                field.setSingleStep(STEPS[name])
            else:
                field.setRange(int(parameter.minimum), int(min(parameter.maximum, LARGEST)))
            field.valueChanged.connect(lambda value: self.settingChanged.emit(name, value))
        if name == "top_k":
            field.setSpecialValueText(f"{parameter.label} all")  # type: ignore[union-attr]
        field.setAccessibleName(parameter.label)
        field.setToolTip(parameter.help)
        return field

    def show_settings(self, settings: Generation) -> None:
        """Show settings without saying so; what a temperature of 0 makes idle is hidden."""
        for name, field in self.fields.items():
            value = getattr(settings, name)
            with QSignalBlocker(field):
                if isinstance(field, QComboBox):
                    field.setCurrentIndex(field.findData(value))
                else:
                    field.setValue(value)
        for name in SAMPLING:
            self.fields[name].setVisible(settings.temperature > 0)
        self.lay_out()

    def set_fills(self, fills: bool) -> None:
        """Say whether masks are filled: there is no length then, and no token is new."""
        if fills != self._fills:
            self._fills = fills
            for name in ("length", "hold"):
                self.fields[name].setVisible(not fills)
            self._write_button()
            self.lay_out()

    def set_running(self, running: bool) -> None:
        """Turn the button into one that stops, or back."""
        self._running = running
        self._write_button()

    def set_possible(self, possible: bool) -> None:
        """Say whether there is anything to make."""
        self.button.setEnabled(possible)

    @property
    def start_words(self) -> str:
        """What the button says when it starts."""
        return "Fill the masks" if self._fills else "Generate"

    def _write_button(self) -> None:
        self.button.setText("Stop" if self._running else self.start_words)
        self.button.setProperty("kind", "" if self._running else "primary")
        self.button.setToolTip(
            f"Leave it where it is ({KEY})." if self._running else f"Make it clean and operated ({KEY})."
        )
        self.button.style().unpolish(self.button)
        self.button.style().polish(self.button)

    @Slot()
    def _on_button_clicked(self) -> None:
        (self.stopWanted if self._running else self.startWanted).emit()

    @Slot()
    def _on_theme_changed(self) -> None:
        widest = {"length": "1000", "temperature": "0.75", "top_k": "50000", "top_p": "0.95", "seed": "2147483"}
        for name, field in self.fields.items():
            if not isinstance(field, QComboBox):
                words = field.fontMetrics().horizontalAdvance(field.prefix() + widest[name])
                field.setFixedWidth(words + self._theme.pixels(58))
        words = max(self.button.fontMetrics().horizontalAdvance(each) for each in (self.start_words, "Stop"))
        self.button.setMinimumWidth(words + self._theme.pixels(28))
        self.lay_out()
