"""How the prompt goes on, or how its masks are filled: clean beside operated, token by token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from core.interventions.ops import OPERATIONS
from core.runs.generation import Continued, Generation, filled
from gui.panel import Panel, PanelDeclaration
from gui.widgets.absence import predictions_absent
from gui.widgets.continuation_side import ContinuationSide
from gui.widgets.continuation_text import Piece
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.framed_panel import FramedPanel
from gui.widgets.generation_bar import KEY, GenerationBar

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from core.runs.generation import Side
    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from gui.theme.theme import Theme
    from gui.widgets.stale_veil import StaleVeil

BESIDE_FROM = 520
TAIL = 90
NO_TOKEN = -1
DOTS = "\N{HORIZONTAL ELLIPSIS}"


def decisive(request: RunRequest) -> RunRequest:
    """Return the part of a request that decides how its prompt goes on."""
    return replace(request, read_position=None, target=None, versus=None, pairs=(), top_k=0, repeats=1)


def in_use(settings: Generation, fills: bool) -> Generation:
    """Return settings without those that are idle: the draw at a temperature of 0, the length where masks are filled."""
    if settings.temperature == 0:
        settings = replace(settings, top_k=0, top_p=1.0, seed=0)
    return replace(settings, length=1, hold="prompt") if fills else settings


def pieces(made: Continued, side: Side) -> list[Piece]:
    """Return a side as text: the prompt's end and what was made behind it, or the prompt with its masks filled."""
    differs = set(made.differing)
    if made.fills_masks:
        numbers = {token.position: number for number, token in enumerate(made.clean.tokens or made.operated.tokens)}
        return [
            Piece(text) if token is None else Piece(text, number, number in differs, strong=True)
            for text, token in filled(made.tokens, side)
            for number in (-1 if token is None else numbers[token.position],)
        ]
    prompt = made.tokens.prompt
    if len(prompt) > TAIL:
        tail = prompt[-TAIL:]
        prompt = f"{DOTS}{tail[tail.find(' ') + 1 :]}"
    return [Piece(prompt), *(Piece(token.text, n, n in differs) for n, token in enumerate(side.tokens))]


def rest_words(made: Continued, side: Side, operated: bool, running: bool) -> str:
    """Return what is said of a side while no token of it is pointed at."""
    count = len(side.tokens)
    if made.fills_masks:
        words = [f"{count} of {len(made.tokens.mask_positions)} masks filled"]
    else:
        words = [f"{count} token{'' if count == 1 else 's'}"]
    if operated:
        differ = len(made.differing)
        words.append(f"{differ} differ{'s' if differ == 1 else ''}" if differ else "the same")
    if side.ended and not made.fills_masks:
        words.append(side.ended)
    elif not made.done:
        words.append(DOTS if running else "stopped")
    return ", ".join(words)


def not_held_words(made: Continued) -> str:
    """Return which incisions are made in the prompt only, though all were to hold; empty where none is."""
    if not made.not_held:
        return ""
    names = [
        f"{OPERATIONS[each.operation].label.lower()} {each.site}"
        for each in made.request.plan
        if each.index in made.not_held
    ]
    return f"In the prompt only: {', '.join(names)}. What is put in there has no counterpart at new tokens."


class GenerationPanel(Panel):
    """Two continuations, how they are made, and a button that makes them.

    Signals
    -------
    settingChanged(str, object)
        Name and wanted value of a setting.
    startWanted(), stopWanted()
    """

    settingChanged = Signal(str, object)
    startWanted = Signal()
    stopWanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("generation")
        self._settings = Generation()
        self._result: RunResult | None = None
        self._made: Continued | None = None
        self._running = False
        self.bar = GenerationBar(theme)
        self.note = ElidedLabel("muted", self)
        self.clean, self.operated = ContinuationSide(theme, "clean"), ContinuationSide(theme, "operated")
        body = QWidget()
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, body)
        self._sides.addWidget(self.clean, 1)
        self._sides.addWidget(self.operated, 1)
        self.frame = FramedPanel(theme, body, "lines")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        for widget in (self.bar, self.note, self.frame):
            box.addWidget(widget, int(widget is self.frame))
        self.bar.settingChanged.connect(self.settingChanged)
        self.bar.startWanted.connect(self.startWanted)
        self.bar.stopWanted.connect(self.stopWanted)
        for side in (self.clean, self.operated):
            side.text.pointed.connect(self._on_text_pointed)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.bar.set_possible(False)
        self.bar.show_settings(self._settings)
        self.note.hide()

    @property
    def reason(self) -> str:
        """Why there is no continuation to see; empty when there is."""
        return self.frame.reason

    @property
    def veil(self) -> StaleVeil:
        """What lies over continuations that answer an earlier question."""
        return self.frame.veil

    def show_settings(self, settings: Generation) -> None:
        """Show the settings in force."""
        self._settings = settings
        self.bar.show_settings(settings)
        self._judge()

    def show_continued(self, made: Continued) -> None:
        """Show how far the continuations are."""
        if self._made is None or self._made.done or len(made.clean.tokens) + len(made.operated.tokens) <= 2:
            self._on_text_pointed(NO_TOKEN)
        self._made = made
        for side, view in ((made.clean, self.clean), (made.operated, self.operated)):
            words = rest_words(made, side, view is self.operated, self._running)
            view.show_made(pieces(made, side), side.tokens, words)
        words = not_held_words(made)
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.frame.show_body()
        self._judge()

    def show_failure(self, reason: str) -> None:
        """Say why there is no continuation."""
        self._made = None
        self.note.hide()
        self.frame.show_reason(reason)

    def set_running(self, running: bool) -> None:
        """Show whether one is under way."""
        self._running = running
        self.bar.set_running(running)
        if self._made is not None and not running:
            self.show_continued(self._made)

    def show_result(self, result: RunResult) -> None:  # noqa: D102
        self._result = result
        fills = result.model.objective == "masked"
        self.bar.set_fills(fills)
        possible = result.model.has_head and (not fills or bool(result.tokens.mask_positions))
        self.bar.set_possible(possible)
        if self._made is not None and self._made.request.model != result.request.model:
            self._made = None
        if not possible and self._made is None:
            self.show_failure(predictions_absent(result))
        elif self._made is None:
            what = "fill the masks" if fills else "continue the prompt"
            self.show_failure(f"Press {self.bar.start_words} ({KEY}) to {what}, clean and operated side by side.")
        self._judge()

    def show_reason(self, reason: str) -> None:  # noqa: D102
        self.bar.set_possible(False)
        self.show_failure(reason)

    def set_stale(self, stale: bool) -> None:
        """Wait for the result: only then is it known whether the question is another."""

    def set_outdated(self, outdated: bool) -> None:  # noqa: D102
        if outdated:
            self.frame.set_outdated(True)

    def _judge(self) -> None:
        """Mark the continuations where plan, prompt or settings are others by now."""
        made, result = self._made, self._result
        if made is None or result is None:
            return
        same = decisive(made.request) == decisive(result.request)
        asked = in_use(self._settings, made.fills_masks) == in_use(made.settings, made.fills_masks)
        self.frame.set_outdated(not (same and asked))

    def _on_text_pointed(self, number: int) -> None:
        for side in (self.clean, self.operated):
            side.show_pointed(number)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.palette.surface))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        beside = self.width() >= self.theme.pixels(BESIDE_FROM)
        directions = QBoxLayout.Direction
        self._sides.setDirection(directions.LeftToRight if beside else directions.TopToBottom)

    def _restyle(self) -> None:
        px = self.theme.pixels
        self._sides.setContentsMargins(px(10), px(2), px(10), px(10))
        self._sides.setSpacing(px(10))
        self.note.setFont(self.theme.font(13))
        self.note.setContentsMargins(px(10), 0, px(10), px(4))
        for side in (self.clean, self.operated):
            side.restyle()
        self._arrange()


PANEL = PanelDeclaration(
    key="generation",
    title="Continuation",
    help="How the model goes on behind the prompt, or fills its masks, with and without the incisions.",
    order=40,
    make=GenerationPanel,
    behind="predictions",
)
