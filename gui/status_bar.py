"""The bottom line: model, last run, progress and cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStatusBar,
    QStyle,
    QStyleOption,
    QWidget,
)

from core.models.progress import in_words
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import CheckReport, ModelsHeld
    from core.runs.result import RunResult
    from core.runs.sweep_result import SweepResult
    from gui.theme.theme import Theme

PROGRESS_STEPS = 1000
# As long as where a run started, or as a short run and its time.
LEAST_OF_LAST = len("restarted at layer 31")
WHY_ALL = {
    "bidirectional": "bidirectional",
    "rows": "this attention computes no tokens on their own",
    "whole": "the operation looks at them",
    "donor": "compared with another run",
}
REUSE_HELP = (
    "What was run of the model for what is shown, and how long that took. "
    "Layers and tokens before the first incision are those of the clean run, which is kept."
)
SWEPT_HELP = (
    "What the sweep on the map took from the clean run: all layers below a cell's own and, where tokens before the "
    "first one operated on cannot change, these too. The share is of tokens times layers, over all cells that are done: "
    "what was really run, also of the clean run that goes along with them, to what a full pass for each would have been."
)


def count_words(number: int) -> str:
    """Return a number of parameters as people write it: ``7.2 B``, ``3.4 M``, ``24.6 K``."""
    unit, size = next((each for each in (("B", 1e9), ("M", 1e6)) if number >= 0.99995 * each[1]), ("K", 1e3))
    return f"{number / size:.1f} {unit}"


def reuse_words(result: RunResult) -> str:
    """Return what was run for a result, and what was there already: ``restarted at layer 9, token 6``."""
    reuse = result.reuse
    if reuse.result:
        return "kept result"
    if not result.request.plan:
        return "kept clean run" if reuse.clean else "clean run"
    if reuse.first_layer == result.model.n_layers:
        started = "no layer run"
    else:
        layers = f"restarted at layer {reuse.first_layer}" if reuse.first_layer else "all layers"
        tokens = f"token {reuse.first_token}" if reuse.first_layer else f"from token {reuse.first_token}"
        if reuse.why:
            tokens = f"all tokens ({WHY_ALL[reuse.why]})"
        elif not reuse.first_token and not reuse.first_layer:
            tokens = "all tokens"
        started = f"{layers}, {tokens}"
    seeds = f"{result.repeats} seeds: " if result.repeats > 1 else ""
    return f"{seeds}{started}" if reuse.clean else f"new clean run, then {seeds}{started}"


def swept_words(result: SweepResult) -> str:
    """Return where a sweep's cells started, and how much of full passes they took; empty where none was run."""
    reuse, full = result.reuse, result.full_row_layers
    if reuse is None or not full:
        return ""
    first = "" if reuse.clean else "new clean run, then "
    each = "" if reuse.in_batches else "one by one, "
    start = f"layer, all tokens ({WHY_ALL[reuse.why]})" if reuse.why else "layer and token"
    percent = 100 * result.row_layers / full
    share = f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"
    # The number first: it is what is still to be read where there is little room.
    return f"sweep: {share} % of full passes, {first}{each}from each cell's {start}"


def _time_words(result: RunResult) -> str:
    if result.reuse.result or (result.reuse.clean and not result.request.plan):
        return "no pass"
    return f"{result.seconds * 1000:.0f} ms" if result.seconds < 1 else f"{result.seconds:.1f} s"


class StatusLine(QStatusBar):
    """Says what is open, what was done last, and what is going on.

    Signals
    -------
    cancelWanted()
        The cancel button was pressed.
    sweepCancelWanted()
        The same, while nothing but a sweep was going on.
    """

    cancelWanted = Signal()
    sweepCancelWanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setSizeGripEnabled(False)
        self._model = ElidedLabel("status", self)
        self._model.setText("No model yet")
        self._check = QLabel("", self)
        self._held = ElidedLabel("status", self)
        self._last = ElidedLabel("status", self, least=LEAST_OF_LAST)
        self._swept = ElidedLabel("status", self, fills=True)
        self._swept.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._doing = ElidedLabel("status", self)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self.cancel = QPushButton("Cancel", self)
        self.cancel.setProperty("kind", "quiet")
        self.cancel.clicked.connect(self._on_cancel_clicked)
        self._run: tuple[str, float | None] = ("", None)
        self._sweep: tuple[str, float | None] = ("", None)
        self._message = ElidedLabel("status", self)
        self._message.hide()
        # Permanent, so that Qt neither hides them for a message nor shows them under it.
        left = QWidget(self)
        line = QHBoxLayout(left)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        for label in (self._message, self._model, self._check, self._held, self._last, self._swept):
            label.setProperty("kind", "status")
            line.addWidget(label)
        line.setStretchFactor(self._swept, 1)
        line.addStretch()
        self.addPermanentWidget(left, 1)
        self.messageChanged.connect(self._on_message_changed)
        for widget in (self._doing, self._bar, self.cancel):
            self.addPermanentWidget(widget)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_progress("", None)

    @Slot()
    def _restyle(self) -> None:
        self._bar.setFixedSize(self._theme.pixels(140), self._theme.pixels(8))
        self._give_room()

    def _give_room(self) -> None:
        """Let what is said first of a sweep be read also while much else stands here."""
        label = self._swept
        first, comma, _ = label.text().partition(",")
        margins = label.width() - label.contentsRect().width()
        wide = label.fontMetrics().horizontalAdvance(f"{first} \N{HORIZONTAL ELLIPSIS}") + margins
        label.setMinimumWidth(wide if comma else 0)

    @Slot(str)
    def _on_message_changed(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        for label in (self._model, self._held, self._last, self._swept):
            label.setVisible(not text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground only: a message has its own label."""
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelStatusBar, option, QPainter(self), self)

    def show_model(self, info: ModelInfo, check: CheckReport) -> None:
        """Show what is open and how its self-check ended."""
        self._model.setText(
            f"{short_name(info.name)} · {info.n_layers} layers × {info.n_heads} heads · "
            f"{count_words(info.n_parameters)} parameters · {in_words(info.memory_bytes)} · {info.dtype} on {info.device}"
        )
        self._model.setToolTip(info.name)
        held = sum(line.passed is True for line in check.lines)
        asked = sum(line.passed is not None for line in check.lines)
        self._check.setText(f"self-check {held}/{asked} {'✓' if check.passed else '✗'}")
        self._check.setToolTip("\n".join(f"{line.name}: {line.text}" for line in check.lines))

    def show_held(self, held: ModelsHeld) -> None:
        """Show how many models are in memory beside the open one, and of what budget they take how much."""
        taken = in_words(sum(model.memory_bytes for model in held.models))
        words = f"{len(held.models)} models held, {taken} of {in_words(held.budget_bytes)}"
        self._held.setText(words if len(held.models) > 1 else "")
        self._held.setToolTip("\n".join(f"{model.name} in {model.dtype} on {model.device}" for model in held.models))

    def show_result(self, result: RunResult) -> None:
        """Show where the last run started, and what it took."""
        words = f"{reuse_words(result)} \N{MIDDLE DOT} {_time_words(result)}"
        self._last.setText(words)
        self._last.setToolTip(f"{words}\n{REUSE_HELP}")

    def show_swept(self, result: SweepResult | None) -> None:
        """Show what a sweep, finished or not, took from the clean run."""
        words = "" if result is None else swept_words(result)
        self._swept.setText(words)
        self._swept.setToolTip(f"{words}\n{SWEPT_HELP}" if words else "")
        self._give_room()

    @property
    def doing(self) -> str:
        """What is going on; empty when nothing is."""
        return self._doing.text()

    def show_progress(self, text: str, fraction: float | None) -> None:
        """Show what is going on; an empty text hides it."""
        self._run = (f"{text} …" if text else "", fraction)
        self._show_doing()

    def show_sweep(self, text: str, fraction: float | None) -> None:
        """Show how far a sweep is, while nothing goes on that somebody waits for; an empty text hides it."""
        self._sweep = (text, fraction)
        self._show_doing()

    @Slot()
    def _on_cancel_clicked(self) -> None:
        (self.cancelWanted if self._run[0] else self.sweepCancelWanted).emit()

    def _show_doing(self) -> None:
        text, fraction = self._run if self._run[0] else self._sweep
        busy = bool(text)
        self._doing.setText(text)
        for widget in (self._doing, self._bar, self.cancel):
            widget.setVisible(busy)
        if fraction is None:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, PROGRESS_STEPS)
            self._bar.setValue(round(fraction * PROGRESS_STEPS))
