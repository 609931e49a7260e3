"""The brush: which operation the next click makes, and how strong it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.interventions.operation import Operation
from core.interventions.ops import OPERATIONS
from core.interventions.plan import ParamValue
from gui.surgery.parameter_field import ParameterField, parameter_field

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from gui.theme.theme import Theme

NEXT = "next cut"
ROW_HEIGHT, NARROW = 44, 820


class BrushBar(QWidget):
    """The operations as a row of buttons, and below it the fields of the one in force.

    Signals
    -------
    operationChosen(str)
        Key of an operation.
    paramChanged(str, object, bool)
        Name and wanted value of a parameter, and whether its slider is still held.
    """

    operationChosen = Signal(str)
    paramChanged = Signal(str, object, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._operation = ""
        self.operations = tuple(sorted(OPERATIONS, key=lambda operation: operation.order))
        self.buttons: dict[str, QPushButton] = {}
        self.fields: dict[str, ParameterField] = {}
        self.caption, self.help = QLabel(self), QLabel(self)
        self._group = QButtonGroup(self)
        self._parameters = QWidget(self)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._parameters)
        self._dose_row, self._rest_row = QHBoxLayout(), QHBoxLayout()
        self._build()
        self.set_editing("")
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_brush(self, operation: str, params: Mapping[str, ParamValue] | Iterable[tuple[str, ParamValue]]) -> None:
        """Show an operation and its parameters."""
        if operation not in OPERATIONS:
            return
        if operation != self._operation:
            self._operation = operation
            self.buttons[operation].setChecked(True)
            self._rebuild(OPERATIONS[operation])
        given = dict(params)
        for name, field in self.fields.items():
            field.set_value(given.get(name, field.parameter.default))

    def set_editing(self, label: str) -> None:
        """Say what the fields edit: an incision such as ``L3H5.z @ 4``, or with "" the next one."""
        words = f"edits {label}" if label else f"for the {NEXT}"
        self.caption.setText(words)
        self.caption.setToolTip(words)

    def choose_number(self, number: int) -> None:
        """Choose the operation that stands at a place, counted from 1, as its key does."""
        if 1 <= number <= len(self.operations):
            self._on_button_clicked(self.operations[number - 1].key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the lesser parameters beside the dose where there is room, else below it."""
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the width of the narrow arrangement, which is taken up when it is needed."""
        return QSize(self._theme.pixels(420), super().minimumSizeHint().height())

    def _fit(self) -> None:
        narrow = self.width() < self._theme.pixels(NARROW)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        doses = sum(field.parameter.kind == "float" for field in self.fields.values())
        self._rows.setDirection(direction)
        self._rows.setSpacing(0 if narrow else self._theme.pixels(16))
        self._rows.setStretch(0, min(doses, 1))
        self._rows.setStretch(1, 0 if doses and not narrow else 1)
        self.help.setVisible(not self.fields or (narrow and len(self.fields) == doses))
        lines = 2 if narrow and any(len(operation.parameters) > 1 for operation in self.operations) else 1
        self._parameters.setFixedHeight(self._theme.pixels(ROW_HEIGHT) * lines)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(0)
        last = len(self.operations)
        for number, operation in enumerate(self.operations, 1):
            button = QPushButton(f"{operation.mark}  {operation.label}", self)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            place = "only" if last == 1 else "first" if number == 1 else "last" if number == last else "middle"
            button.setProperty("place", place)
            button.setToolTip(f"{operation.help} (key {number})")
            button.setAccessibleName(operation.label)
            button.setAccessibleDescription(operation.help)
            button.clicked.connect(lambda _=False, key=operation.key: self._on_button_clicked(key))
            self._group.addButton(button)
            top.addWidget(button)
            self.buttons[operation.key] = button
        self.caption.setProperty("kind", "muted")
        self.caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        top.addWidget(self.caption, 1)
        self.help.setProperty("kind", "muted")
        self.help.setWordWrap(True)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.addLayout(self._dose_row, 1)
        self._rows.addLayout(self._rest_row)
        self._rest_row.addWidget(self.help, 1)
        self._rest_row.addStretch()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(top)
        box.addWidget(self._parameters)

    def _rebuild(self, operation: Operation) -> None:
        for field in self.fields.values():
            self._dose_row.removeWidget(field)
            self._rest_row.removeWidget(field)
            field.hide()
            field.deleteLater()
        neutral = operation.identity or {}
        self.fields = {}
        for parameter in operation.parameters:
            at = neutral.get(parameter.name) if parameter.is_dose else None
            still = float(at) if isinstance(at, int | float) else None
            field = parameter_field(self._theme, parameter, still, operation.key, self._parameters)
            field.edited.connect(self.paramChanged)
            if parameter.kind == "float":
                self._dose_row.addWidget(field, 1)
            else:
                self._rest_row.insertWidget(self._rest_row.count() - 2, field)
            self.fields[parameter.name] = field
        self.help.setText(operation.help)
        self._fit()

    def _on_button_clicked(self, key: str) -> None:
        if self._operation in self.buttons:
            self.buttons[self._operation].setChecked(True)
        self.operationChosen.emit(key)

    def _on_theme_changed(self) -> None:
        self.caption.setFont(self._theme.font(13))
        self.help.setFont(self._theme.font(14))
        self._rest_row.setSpacing(self._theme.pixels(16))
        self._fit()
