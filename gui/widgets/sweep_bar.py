"""Which places a sweep goes over, and the button that starts, stops and takes it up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QSpinBox

from gui.widgets.flow_row import FlowRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gui.theme.theme import Theme

KEY = "Ctrl+Shift+S"
EMBEDDING = -1
BF16 = (
    "Faster: what a cell differs by from the clean run is multiplied in bf16. "
    "Some cells are run again exactly, and the largest error found is stated."
)
START, STOP, RESUME = "Sweep", "Cancel", "Resume"
HELP = {
    START: f"Run the operation at every one of these places, each alone ({KEY}).",
    STOP: f"Leave it where it is; it can be taken up again ({KEY}).",
    RESUME: f"Go on from what is done ({KEY}).",
}


@dataclass(frozen=True)
class Choice:
    """One kind of sweep to choose.

    Attributes
    ----------
    in_layer : bool
        Whether it goes over one layer, which is to be chosen too.
    """

    key: str
    label: str
    help: str
    in_layer: bool = False


class SweepBar(FlowRow):
    """Shows what is chosen and says what is wished for.

    Signals
    -------
    kindChosen(str), layerChosen(int), readoutChosen(str), bf16Chosen(bool)
    depthChosen(int)
        After how many layers; 0 is the embedding.
    startWanted(), stopWanted()
    """

    kindChosen = Signal(str)
    layerChosen = Signal(int)
    readoutChosen = Signal(str)
    depthChosen = Signal(int)
    bf16Chosen = Signal(bool)
    startWanted = Signal()
    stopWanted = Signal()

    def __init__(self, theme: Theme, choices: Sequence[Choice]) -> None:
        super().__init__(theme)
        self.button = QPushButton(START, self)
        self.kind, self.readout = QComboBox(self), QComboBox(self)
        self.layer, self.at_depth = QSpinBox(self), QSpinBox(self)
        self.bf16 = QCheckBox("bf16", self)
        self._choices = {choice.key: choice for choice in choices}
        # A sweep under way tells again and again what is shown already; to polish a button takes long.
        self._shown: object = None
        self._state: object = None
        for choice in choices:
            self.kind.addItem(choice.label, choice.key)
        self._name()
        for widget in (self.button, self.kind, self.layer, self.readout, self.at_depth, self.bf16):
            self.add(widget)
        self.button.clicked.connect(self._on_button_clicked)
        self.kind.activated.connect(lambda place: self.kindChosen.emit(self.kind.itemData(place)))
        self.readout.activated.connect(lambda place: self.readoutChosen.emit(self.readout.itemData(place)))
        self.layer.valueChanged.connect(self.layerChosen)
        self.bf16.clicked.connect(self.bf16Chosen)
        self.at_depth.valueChanged.connect(lambda layer: self.depthChosen.emit(layer + 1))
        theme.changed.connect(self._on_theme_changed)
        self.at_depth.hide()
        self.show_kind(self.kind.currentData(), 0, {})
        self._on_theme_changed()

    def _name(self) -> None:
        for widget, name, help_ in (
            (self.kind, "sweep over", "Which places are operated on, one after another."),
            (self.layer, "layer of the sweep", "The layer that is swept."),
            (self.bf16, "differences in bf16", BF16),
            (self.readout, "colour of the map", "What the colours say; all of it is known after one sweep."),
            (
                self.at_depth,
                "depth of the comparison",
                "After which layer the pair is compared; below 0 in the embedding.",
            ),
        ):
            widget.setAccessibleName(name)
            widget.setToolTip(help_)
        for spin, prefix in ((self.layer, "layer "), (self.at_depth, "after layer ")):
            spin.setLocale(QLocale.c())
            spin.setPrefix(prefix)
            spin.setKeyboardTracking(False)
        self.at_depth.setSpecialValueText("embedding")

    def show_kind(self, key: str, layer: int, refused: Mapping[str, str]) -> None:
        """Show which kind and layer are chosen, and which kinds cannot be, with the reasons."""
        if (key, layer, refused) == self._shown:
            return
        self._shown = (key, layer, dict(refused))
        place = self.kind.findData(key)
        self.kind.setCurrentIndex(place)
        model = self.kind.model()
        for number, choice in enumerate(self._choices.values()):
            item = model.item(number)  # type: ignore[attr-defined]
            item.setEnabled(choice.key not in refused)
            item.setToolTip(refused.get(choice.key, choice.help))
        with QSignalBlocker(self.layer):
            self.layer.setValue(layer)
        self.layer.setVisible(self._choices[key].in_layer)
        self.lay_out()

    def show_bf16(self, chosen: bool, why_not: str) -> None:
        """Show whether cells are computed in bf16, and why that would be no help here; empty where it would."""
        self.bf16.setChecked(chosen)
        self.bf16.setEnabled(not why_not)
        self.bf16.setToolTip(why_not or BF16)

    def set_layers(self, n_layers: int) -> None:
        """Take how many layers there are."""
        for spin, lowest in ((self.layer, 0), (self.at_depth, EMBEDDING)):
            with QSignalBlocker(spin):
                spin.setRange(lowest, max(n_layers - 1, 0))

    def show_readouts(self, readouts: Mapping[str, str], chosen: str, depth: int | None) -> None:
        """Show what the colours can say, and after how many layers, where that is a question."""
        with QSignalBlocker(self.readout):
            self.readout.clear()
            for key, label in readouts.items():
                self.readout.addItem(label, key)
            self.readout.setCurrentIndex(self.readout.findData(chosen))
        self.readout.setEnabled(bool(readouts))
        with QSignalBlocker(self.at_depth):
            self.at_depth.setValue(EMBEDDING if depth is None else depth - 1)
        self.at_depth.setVisible(depth is not None)
        self.lay_out()

    def set_state(self, words: str, *, possible: bool) -> None:
        """Let the button start, stop or resume; or none of them, where there is nothing to sweep."""
        if (words, possible) == self._state:
            return
        self._state = (words, possible)
        self.button.setText(words)
        self.button.setEnabled(possible or words == STOP)
        self.button.setToolTip(HELP[words])
        self.button.setProperty("kind", "" if words == STOP else "primary")
        self.button.style().unpolish(self.button)
        self.button.style().polish(self.button)

    @Slot()
    def _on_button_clicked(self) -> None:
        (self.stopWanted if self.button.text() == STOP else self.startWanted).emit()

    @Slot()
    def _on_theme_changed(self) -> None:
        for spin, widest in ((self.layer, "layer 100"), (self.at_depth, "after layer 100")):
            spin.setFixedWidth(spin.fontMetrics().horizontalAdvance(widest) + self._theme.pixels(52))
        words = max(self.button.fontMetrics().horizontalAdvance(each) for each in HELP)
        self.button.setMinimumWidth(words + self._theme.pixels(28))
        self.lay_out()
