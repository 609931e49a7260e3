"""How much memory models may take, which are there now, and what is kept of runs beside them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from core.models.progress import in_words
from core.sessions.holding import SHARES
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from core.runs.events import ModelsHeld, RunsKept
    from gui.theme.theme import Theme

HEIGHT = 92
TIP = "Models stay in memory up to this share of the device's memory; the least recently used is let go."

KEPT_TIP = (
    "What is kept of runs beside the models: clean runs with their keys and values, so that a cut starts at its own layer; "
    "activations of other prompts, for means and patches; and results: going back to an earlier plan runs nothing again. "
    "The least recently used go first."
)


def kept_words(kept: RunsKept) -> str:
    """Return what is kept of runs, and how much of it may be."""
    budget = in_words(kept.budget_bytes)
    parts = (
        f"Clean runs {in_words(kept.clean_bytes)} of {budget}",
        f"activations {in_words(kept.activation_bytes)} of {budget}",
        f"results {kept.results} of {kept.most_results}",
    )
    return " \N{MIDDLE DOT} ".join(parts)


class HeldModels(QWidget):
    """The budget, the models in memory with a button to let each go, and what runs take.

    Signals
    -------
    shareChosen(float)
    letGoWanted(str)
        Identity of a model.
    """

    shareChosen = Signal(float)
    letGoWanted = Signal(str)

    def __init__(self, theme: Theme, share: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._held: ModelsHeld | None = None
        self.share = QSpinBox(self)
        self.share.setRange(*(round(100 * share) for share in SHARES))
        self.share.setSingleStep(5)
        self.share.setSuffix(" %")
        self.share.setKeyboardTracking(False)
        self.share.setValue(round(100 * share))
        self.share.setAccessibleName("Share of the memory for models")
        self.share.setToolTip(TIP)
        self.share.valueChanged.connect(lambda value: self.shareChosen.emit(value / 100))
        self._budget = ElidedLabel("muted", self)
        caption = QLabel("Models may take", self)
        caption.setBuddy(self.share)
        self._line = QHBoxLayout()
        for widget in (caption, self.share, self._budget):
            self._line.addWidget(widget)
        self._line.addStretch(1)
        self.area = QScrollArea(self)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.viewport().setAutoFillBackground(False)
        self.kept = ElidedLabel("muted", self)
        self._stack = QVBoxLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addLayout(self._line)
        self._stack.addWidget(self.area, 1)
        self._stack.addWidget(self.kept)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_held(self, held: ModelsHeld) -> None:
        """Show what is in memory."""
        self._held = held
        with QSignalBlocker(self.share):
            self.share.setValue(round(100 * held.share))
        self._rebuild()

    def show_kept(self, kept: RunsKept) -> None:
        """Show what is kept of runs beside the models."""
        words = kept_words(kept)
        self.kept.setText(words)
        self.kept.setToolTip(f"{words}.\n{KEPT_TIP}")

    @Slot()
    def _restyle(self) -> None:
        px = self._theme.pixels
        self._line.setSpacing(px(8))
        self._stack.setSpacing(px(6))
        self.area.setFixedHeight(px(HEIGHT))
        self._rebuild()

    def _rebuild(self) -> None:
        models = self._held.models if self._held else ()
        taken = in_words(sum(model.memory_bytes for model in models))
        budget = f": {taken} of {in_words(self._held.budget_bytes)} taken" if self._held else ""
        self._budget.setText(f"of the memory{budget}")
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, self._theme.pixels(6), 0)
        grid.setVerticalSpacing(self._theme.pixels(2))
        grid.setColumnStretch(0, 1)
        for row, model in enumerate(models):
            name = ElidedLabel("", page)
            name.setText(
                f"{short_name(model.name)} · {in_words(model.memory_bytes)} in {model.dtype} on {model.device}"
            )
            grid.addWidget(name, row, 0)
            if model.is_open:
                label = QLabel("open", page)
                label.setProperty("kind", "muted")
                label.setAlignment(Qt.AlignmentFlag.AlignCenter)
                grid.addWidget(label, row, 1)
                continue
            button = QPushButton("Let go", page)
            button.setProperty("kind", "quiet")
            button.setAutoDefault(False)
            button.setAccessibleName(f"Let {short_name(model.name)} go")
            button.clicked.connect(partial(self.letGoWanted.emit, model.identity))
            grid.addWidget(button, row, 1)
        grid.setRowStretch(len(models), 1)
        self.area.setWidget(page)
        page.setAutoFillBackground(False)  # the card behind is the ground
