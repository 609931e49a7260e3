"""The brush: which operation the next click makes, and how strong it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.interventions.operation import Operation
from core.interventions.ops import OPERATIONS, ordered
from core.interventions.plan import ParamValue
from gui.surgery.parameter_field import ParameterField, parameter_field
from gui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from gui.theme.theme import Theme

NEXT, LONGEST_CAPTION = "next cut", "edits 12 cuts just made"
DOSE_HEIGHT, REST_HEIGHT, DOSE_WIDTH = 42, 36, 320


class BrushBar(QWidget):
    """The operations as a row of buttons, and beside and below it the fields of the one in force.

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
        self._operation, self._widest = "", 0
        self.operations = ordered()
        self.buttons: dict[str, QPushButton] = {}
        self.fields: dict[str, ParameterField] = {}
        self.caption, self.help = ElidedLabel("muted", self, fills=True), QLabel(self)
        self._segments, self._doses, self._rest = QWidget(self), QWidget(self), QWidget(self)
        self._upper = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._segment_row = QHBoxLayout(self._segments)
        self._dose_row, self._rest_row = QHBoxLayout(self._doses), QHBoxLayout(self._rest)
        self._build_segments()
        self._build_rows()
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the dose beside the operations where there is room, else below them."""
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the width of the narrow arrangement, for the widest operation so far, so that it does not jump."""
        px, margins, gap = self._theme.pixels, 2 * self._theme.pixels(10), self._rest_row.spacing()
        numbers = [field for field in self.fields.values() if field.parameter.kind == "float"]
        others = [field for field in self.fields.values() if field not in numbers]
        rows = (
            self._operations_width() + gap + self.caption.fontMetrics().horizontalAdvance(LONGEST_CAPTION),
            sum(field.minimumSizeHint().width() for field in numbers),
            sum(field.minimumSizeHint().width() + gap for field in others),
        )
        self._widest = max(self._widest, margins + max(rows), px(430))
        return QSize(self._widest, super().minimumSizeHint().height())

    def _fit(self) -> None:
        px = self._theme.pixels
        narrow = self.width() < self._operations_width() + px(DOSE_WIDTH)
        home, away = (self._segment_row, self._rest_row) if narrow else (self._rest_row, self._segment_row)
        if home.indexOf(self.caption) < 0:
            away.removeWidget(self.caption)
            home.addWidget(self.caption, 20)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._upper.setDirection(direction)
        self._upper.setSpacing(0 if narrow else px(20))
        self._doses.setFixedHeight(px(DOSE_HEIGHT))
        self._rest.setFixedHeight(px(REST_HEIGHT))

    def _operations_width(self) -> int:
        return sum(button.sizeHint().width() for button in self.buttons.values())

    def _build_segments(self) -> None:
        row = self._segment_row
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        group, last = QButtonGroup(self), len(self.operations)
        for number, operation in enumerate(self.operations, 1):
            button = QPushButton(f"{operation.mark}  {operation.label}", self)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            place = "only" if last == 1 else "first" if number == 1 else "last" if number == last else "middle"
            button.setProperty("place", place)
            button.setToolTip(f"{operation.help} (Ctrl+{number})")
            button.setAccessibleName(operation.label)
            button.setAccessibleDescription(operation.help)
            button.clicked.connect(lambda _=False, key=operation.key: self._on_button_clicked(key))
            group.addButton(button)
            row.addWidget(button)
            self.buttons[operation.key] = button
        row.addStretch(1)

    def _build_rows(self) -> None:
        self.help.setProperty("kind", "muted")
        self.help.setWordWrap(True)
        self._dose_row.setContentsMargins(0, 0, 0, 0)
        self._rest_row.setContentsMargins(0, 0, 0, 0)
        self._rest_row.addWidget(self.help, 30)
        self._rest_row.addStretch(1)
        self._upper.addWidget(self._segments)
        self._upper.addWidget(self._doses, 1)
        box = QVBoxLayout(self)
        box.setSpacing(2)
        box.addLayout(self._upper)
        box.addWidget(self._rest)

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
            field = parameter_field(self._theme, parameter, still, operation.key, self)
            field.edited.connect(self.paramChanged)
            if parameter.kind == "float":
                self._dose_row.addWidget(field, 1)
            else:
                self._rest_row.insertWidget(self._rest_row.indexOf(self.help), field)
            self.fields[parameter.name] = field
        self.help.setText(operation.help)
        self.help.setVisible(all(field.parameter.kind == "float" for field in self.fields.values()))
        self._fit()
        self.updateGeometry()

    def _on_button_clicked(self, key: str) -> None:
        if self._operation in self.buttons:
            self.buttons[self._operation].setChecked(True)
        self.operationChosen.emit(key)

    def _on_theme_changed(self) -> None:
        px = self._theme.pixels
        self.caption.setFont(self._theme.font(13))
        self.help.setFont(self._theme.font(13))
        self._rest_row.setSpacing(px(16))
        self._widest = 0
        box = self.layout()
        if box is not None:
            box.setContentsMargins(px(10), px(6), px(10), px(4))
        self._fit()
