"""Fields for parameters that are words: a text, or tokens in the notation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QWidget

from core.errors import SurgeryError
from core.interventions.plan import ParamValue
from gui.surgery.parameter_field import ParameterField

if TYPE_CHECKING:
    from core.interventions.operation import Parameter
    from gui.theme.theme import Theme

LEAST_WIDTH, MOST_WIDTH = 110, 420
OFFER = "Use the tokens that are chosen in the strip."


class TextField(ParameterField):
    """A text; one that does not fit is not told.

    Signals
    -------
    complained(str)
        What is wrong with the text, or nothing any more.
    """

    complained = Signal(str)

    def __init__(self, theme: Theme, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(theme, parameter, parent)
        self._value = ""
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText(str(parameter.default))
        self.edit.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.named(self.edit)
        self.row.setStretch(self.row.indexOf(self.edit), 1)
        self.edit.editingFinished.connect(self._on_edit_finished)
        self.edit.textEdited.connect(self._on_text_edited)
        self.refresh_sizes()

    def refresh_sizes(self) -> None:
        """Follow the text size."""
        self.edit.setMinimumWidth(self.theme.pixels(LEAST_WIDTH))
        self.setMaximumWidth(self.theme.pixels(MOST_WIDTH))

    def set_value(self, value: ParamValue) -> None:
        """Show a value without saying so; a text that is being typed, or is complained of, stays while it is the same."""
        same = str(value) == self._value
        self._value = str(value)
        busy = self.edit.property("invalid") or (self.edit.hasFocus() and self.edit.isModified())
        if not (same and busy):
            self.edit.setText(self._value)
            self._complain("")

    def _on_edit_finished(self) -> None:
        text = self.edit.text().strip() or str(self.parameter.default)
        try:
            value = self.parameter.checked(text)
        except SurgeryError as error:
            self._complain(str(error))
            return
        self._complain("")
        self.edit.setModified(False)
        self.edit.setText(str(value))
        if value != self._value:
            self._value = str(value)
            self.say(value)

    def _on_text_edited(self) -> None:
        self._complain("")

    def _complain(self, words: str) -> None:
        if bool(self.edit.property("invalid")) != bool(words):
            self.edit.setProperty("invalid", bool(words))
            self.edit.style().unpolish(self.edit)
            self.edit.style().polish(self.edit)
        self.complained.emit(words)


class TokensField(TextField):
    """Tokens in the notation, which can be taken over from those chosen in the strip."""

    def __init__(self, theme: Theme, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(theme, parameter, parent)
        self._chosen = ""
        self.take = QPushButton("from chosen", self)
        self.take.setProperty("kind", "quiet")
        self.take.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.take.setToolTip(OFFER)
        self.take.setAccessibleName("take the chosen tokens")
        self.take.clicked.connect(self._on_take_clicked)
        self.row.addWidget(self.take)

    def set_chosen(self, selection: str) -> None:
        """Tell which tokens are chosen in the strip."""
        self._chosen = selection
        self.take.setToolTip(f"{OFFER[:-1]}: {selection}")

    def _on_take_clicked(self) -> None:
        self.edit.setText(self._chosen)
        self._on_edit_finished()
