"""The likeliest tokens before and after, and the numbers that sum the change up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.panel import PanelDeclaration
from gui.widgets.absence import predictions_absent
from gui.widgets.figure_caption import FigureCaption
from gui.widgets.figure_row import Figure, FigureRow
from gui.widgets.framed_panel import FramedPanel
from gui.widgets.number_format import plain, signed, whole
from gui.widgets.prediction_list import PredictionList
from gui.widgets.prediction_model import prediction_rows
from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from core.runs.result import RunResult
    from core.sessions.session import CleanSide
    from gui.theme.theme import Theme

COMPACT_BELOW = 250
TO = " \N{RIGHTWARDS ARROW} "


def figures(result: RunResult) -> list[Figure]:
    """Return the numbers of the header; over several seeds means, with what 95 % of them lie in."""
    clean, operated, target = result.clean.numbers, result.operated.numbers, visible(result.target_text or "")
    ranks = [rank_words(numbers.get("rank")) for numbers in (clean, operated)]
    entropies = [plain(numbers.get("entropy"), 2) for numbers in (clean, operated)]
    before, several = clean.get("log_prob") or 0.0, result.repeats > 1
    mean, median = (f", {kind} of {result.repeats} seeds" if several else "" for kind in ("mean", "median"))
    return [
        Figure(
            f"\N{GREEK CAPITAL LETTER DELTA} log p({target})",
            signed(result.effect.log_prob) + _band(result, "log_prob", lambda value: signed(value - before, 2)),
            f"change of the target's log-probability, operated minus clean, in nats{mean}",
        ),
        Figure(
            "its rank",
            TO.join(ranks) + _band(result, "rank", rank_words),
            f"rank of the target among all tokens, clean to operated; 1 is the likeliest{median}",
        ),
        Figure("KL", plain(result.effect.kl), f"divergence of the operated from the clean prediction, in nats{mean}"),
        Figure(
            "entropy",
            TO.join(entropies) + _band(result, "entropy", partial(plain, digits=2)),
            f"entropy of the prediction, clean to operated, in nats{mean}",
        ),
    ]


def rank_words(rank: float | None) -> str:
    """Write a rank; a median can lie between two."""
    return whole(rank) if rank is None or rank == int(rank) else plain(rank, 1)


def _band(result: RunResult, key: str, written: Callable[[float], str]) -> str:
    """Return what 95 % of several runs lie in, in brackets; nothing for a single run."""
    if key not in result.operated.bands:
        return ""
    low, high = result.operated.bands[key]
    return f" [{written(low)}, {written(high)}]"


class Predictions(FramedPanel):
    """Predictions before and after; a click on one makes it the target."""

    def __init__(self, theme: Theme) -> None:
        body = QWidget()
        super().__init__(theme, body, "bars")
        self.numbers = FigureRow(theme)
        self.list = PredictionList(theme)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.caption = FigureCaption(theme)
        layout.addWidget(self.numbers)
        layout.addWidget(self.caption)
        layout.addWidget(self.list, 1)
        self.list.tokenChosen.connect(self.targetChosen)
        self.show_reason("The model's predictions, before and after, appear here after the first run.")

    def show_result(self, result: RunResult) -> None:  # noqa: D102
        rows = prediction_rows(result)
        if not rows:
            self.show_reason(predictions_absent(result))
            return
        self.numbers.show_figures(figures(result))
        self.caption.show_result(result, "each bar: mean probability over the seeds" if result.repeats > 1 else "")
        self.list.set_rows(rows)
        self.show_body()

    def show_clean_side(self, side: CleanSide) -> None:  # noqa: D102
        self.caption.show_clean_side(side)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        compact = self.height() < self.theme.pixels(COMPACT_BELOW)
        self.numbers.set_compact(compact)
        self.caption.fit(self.height())
        self.list.set_compact(compact)

    def restyle(self) -> None:  # noqa: D102
        super().restyle()
        self.numbers.restyle()
        self.caption.restyle()
        self.list.restyle()
        self._fit()


PANEL = PanelDeclaration(
    key="predictions",
    title="Predictions",
    help="The likeliest tokens before and after, with their change in log-probability and in rank. Click one to follow it.",
    order=30,
    make=Predictions,
)
