"""What the model would answer if it stopped after each layer: the target's log-prob by depth."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from gui.panel import PanelDeclaration
from gui.widgets.absence import predictions_absent
from gui.widgets.curve_panel import CurvePanel, band_words
from gui.widgets.curve_plot import Series
from gui.widgets.curve_range import LOG_PROB
from gui.widgets.curve_readout import NO_CHANGE, ReadoutRow
from gui.widgets.number_format import percent, percent_points, plain, signed
from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from core.runs.result import RunResult
    from gui.theme.palette import Palette
    from gui.theme.theme import Theme


def run_colors(palette: Palette, place: int) -> tuple[str, str]:
    """Return the colours of the two runs."""
    return palette.clean, palette.operated


class LogProbCurve(CurvePanel):
    """Log-probability of the target by depth, read through the logit lens, in nats."""

    lens = "log_prob"

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, run_colors, LOG_PROB, "log-prob (nats)", by_pair=False)
        self._target = ""
        self.show_reason("The target's log-probability by depth appears here after the first run.")

    def show_result(self, result: RunResult) -> None:  # noqa: D102
        clean, operated = result.clean.curves.get(self.lens), result.operated.curves.get(self.lens)
        if clean is None or operated is None or not len(clean.values):
            self.show_reason(predictions_absent(result))
            return
        self._target = visible(result.target_text or "")
        bounds = (None if each is None else each[0] for each in (operated.low, operated.high))
        series = [Series(self._target, clean.values[0], operated.values[0], 0, *bounds)]
        self.draw(series, result, result.target)

    def rows_at(self, depth: int) -> list[ReadoutRow]:  # noqa: D102
        series = self.plot.series[0]
        before, after = float(series.clean[depth]), float(series.operated[depth])
        p_before, p_after = math.exp(before), math.exp(after)
        same, single = series.unchanged, series.low is None
        return [
            ReadoutRow(
                f"log p({self._target})",
                plain(before),
                plain(after, 3 if single else 2),
                NO_CHANGE if same else signed(after - before),
                band=band_words(partial(plain, digits=2), series, depth),
            ),
            # The mean is one of log-probs, so of probabilities it is the geometric one.
            ReadoutRow(
                f"p({self._target})" if single else f"geometric mean p({self._target})",
                percent(p_before),
                percent(p_after),
                "" if same else percent_points(p_after - p_before),
                band=band_words(lambda value: percent(math.exp(value)), series, depth),
            ),
        ]


PANEL = PanelDeclaration(
    key="log_prob_curve",
    title="Log-probability by depth",
    help="How likely the target token would be if the model stopped after each layer (logit lens), before and after.",
    order=20,
    make=LogProbCurve,
)
