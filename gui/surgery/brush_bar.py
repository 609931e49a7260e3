"""The brush: which operation the next click makes, and how strong it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from core.interventions.operation import SEED
from core.interventions.ops import OPERATIONS, ordered
from core.interventions.plan import ParamValue
from gui.surgery.brush_operations import OperationStrip
from gui.surgery.parameter_field import ChoiceField, NumberField, ParameterField, SeedsField, WholeField
from gui.surgery.text_field import TextField, TokensField
from gui.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from core.interventions.operation import Operation, Parameter
    from core.models.info import ModelInfo
    from gui.theme.theme import Theme

HEIGHT, LEAST_WIDTH, WIDEST_DOSE, GAP = 42, 430, 560, 12
# From this height of the window on operations may stand in two rows.
TALL = 860


class BrushBar(QWidget):
    """The operations as buttons, and below them the fields of the one in force.

    Signals
    -------
    operationChosen(str)
        Key of an operation.
    paramChanged(str, object, bool)
        Name and wanted value of a parameter, and whether its slider is still held.
    seedsChanged(int)
        Over how many seeds random operations are to be run.
    """

    operationChosen = Signal(str)
    paramChanged = Signal(str, object, bool)
    seedsChanged = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._operation, self._chosen, self._widest, self._random = "", "", 0, False
        self.operations = ordered()
        self.strip = OperationStrip(theme, self.operations, self)
        self.buttons = self.strip.buttons
        self.fields: dict[str, ParameterField] = {}
        self.seeds = SeedsField(theme, self)
        self.help = WrappedLabel(theme, self)
        self._fields = QWidget(self)
        self._row = QHBoxLayout(self._fields)
        self._row.setContentsMargins(0, 0, 0, 0)
        box = QVBoxLayout(self)
        box.setSpacing(2)
        box.addWidget(self.strip)
        box.addWidget(self._fields)
        self.strip.chosen.connect(self.operationChosen)
        self.seeds.edited.connect(self.seedsChanged)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_brush(self, operation: str, params: Mapping[str, ParamValue] | Iterable[tuple[str, ParamValue]]) -> None:
        """Show an operation and its parameters."""
        if operation not in OPERATIONS:
            return
        declared, given = OPERATIONS[operation], dict(params)
        values = {each.name: given.get(each.name, each.default) for each in declared.parameters}
        was_random, self._random = self._random, declared.is_random(values)
        if operation != self._operation:
            self._operation = operation
            self.strip.set_current(operation)
            self._rebuild(declared)
        elif self._random != was_random:
            self._arrange()
        for name, field in self.fields.items():
            field.set_value(values[name])

    def set_info(self, info: ModelInfo | None) -> None:
        """Take the model, which may have no place for some operations."""
        reasons: dict[str, str] = {}
        for operation in self.operations:
            missing = [info.why_not(name) for name in sorted(operation.points)] if info is not None else [None]
            if None not in missing:
                reasons[operation.key] = str(missing[0])
        self.strip.set_refused(reasons)

    def set_seeds(self, count: int) -> None:
        """Show over how many seeds random operations are run."""
        self.seeds.set_count(count)

    def set_chosen(self, selection: str) -> None:
        """Tell which tokens are chosen in the strip, in the notation."""
        self._chosen = selection
        for field in self.fields.values():
            if isinstance(field, TokensField):
                field.set_chosen(selection)

    def refit(self) -> None:
        """Fit the size of the window, which decides how many rows there are."""
        self.strip.set_most_rows(2 if self.window().height() >= self._theme.pixels(TALL) else 1)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put as much as fits."""
        self.refit()

    def minimumSizeHint(self) -> QSize:
        """Return the width without labels, for the widest operation so far, so that it does not jump."""
        px, parts = self._theme.pixels, self._parts()
        fields = sum(part.least_width(tight=True) for part in parts) + px(GAP) * max(len(parts) - 1, 0)
        self._widest = max(self._widest, fields + 2 * px(10), px(LEAST_WIDTH))
        return QSize(self._widest, super().minimumSizeHint().height())

    def _parts(self) -> list[ParameterField | SeedsField]:
        """Return the fields of the operation, with the number of seeds beside what names the seed."""
        parts: list[ParameterField | SeedsField] = list(self.fields.values())
        if self._random:
            parts.insert(1 + (list(self.fields).index(SEED) if SEED in self.fields else 0), self.seeds)
        return parts

    def _arrange(self) -> None:
        px, parts = self._theme.pixels, self._parts()
        wanted = sum(part.least_width(tight=False) + px(GAP) for part in parts)
        tight = wanted > self.width() - 2 * px(10)
        while self._row.takeAt(0) is not None:
            pass
        for part in parts:
            part.set_tight(tight)
            self._row.addWidget(part, 4 if isinstance(part, NumberField | TextField) else 0)
            part.show()
        helped = not any(isinstance(part, NumberField) for part in parts)
        if helped:
            self._row.addWidget(self.help, 5)
        self._row.addStretch(0)
        self.help.setVisible(helped)
        self.seeds.setVisible(self.seeds in parts)
        self._fields.setFixedHeight(px(HEIGHT))

    def _rebuild(self, operation: Operation) -> None:
        for field in self.fields.values():
            field.hide()
            field.deleteLater()
        neutral = operation.identity or {}
        self.fields = {}
        for parameter in operation.parameters:
            at = neutral.get(parameter.name) if parameter.is_dose else None
            field = self._field(parameter, float(at) if isinstance(at, int | float) else None, operation.key)
            field.edited.connect(self.paramChanged)
            if isinstance(field, TextField):
                field.complained.connect(self._on_field_complained)
            self.fields[parameter.name] = field
        self._on_field_complained("")
        self.set_chosen(self._chosen)
        self._arrange()
        self.updateGeometry()

    def _field(self, parameter: Parameter, neutral: float | None, operation: str) -> ParameterField:
        """Return the field for a parameter; with ``neutral`` the operation changes nothing."""
        if parameter.kind == "float":
            made = NumberField(self._theme, parameter, neutral, operation, self)
            made.setMaximumWidth(self._theme.pixels(WIDEST_DOSE))
            return made
        kinds: dict[str, type[WholeField | ChoiceField | TextField]] = {
            "int": WholeField,
            "choice": ChoiceField,
            "text": TextField,
            "tokens": TokensField,
        }
        return kinds[parameter.kind](self._theme, parameter, self)

    def _on_field_complained(self, words: str) -> None:
        """Say what is wrong with a text, else what the operation and the text that it takes are."""
        operation = OPERATIONS[self._operation]
        texts = (f"{each.label}: {each.help}" for each in operation.parameters if each.kind in ("text", "tokens"))
        self.help.set_text(words or next(texts, operation.help), alarming=bool(words))

    def _on_theme_changed(self) -> None:
        px = self._theme.pixels
        self._row.setSpacing(px(GAP))
        self._widest = 0
        box = self.layout()
        if box is not None:
            box.setContentsMargins(px(10), px(6), px(10), px(2))
        for field in self.fields.values():
            if isinstance(field, NumberField):
                field.setMaximumWidth(px(WIDEST_DOSE))
        self.refit()
