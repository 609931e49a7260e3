"""The bottom line: model, last run, progress and cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
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
    from gui.theme.theme import Theme

PROGRESS_STEPS = 1000
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
        self._last = ElidedLabel("status", self)
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
        for label in (self._message, self._model, self._check, self._held, self._last):
            label.setProperty("kind", "status")
            line.addWidget(label)
        line.addStretch(1)
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

    @Slot(str)
    def _on_message_changed(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        for label in (self._model, self._held, self._last):
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
        self._last.setText(f"{reuse_words(result)} \N{MIDDLE DOT} {_time_words(result)}")
        self._last.setToolTip(REUSE_HELP)

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
