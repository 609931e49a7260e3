"""How similar the vectors of two tokens are, layer by layer, before and after."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gui.panel import PanelDeclaration
from gui.widgets.curve_panel import CurvePanel, band_words
from gui.widgets.curve_plot import Series
from gui.widgets.curve_range import COSINE
from gui.widgets.curve_readout import NO_CHANGE, ReadoutRow
from gui.widgets.number_format import plain, signed

if TYPE_CHECKING:
    from core.runs.result import RunResult
    from gui.theme.palette import Palette
    from gui.theme.theme import Theme

NO_PAIR = "Choose two tokens to compare: press P or take the Pair tool, then click token A and token B in the strip."


def pair_colors(palette: Palette, place: int) -> tuple[str, str]:
    """Return a pair's colour, for both runs."""
    color = palette.pairs[place % len(palette.pairs)]
    return color, color


class CosineCurve(CurvePanel):
    """Cosine similarity of token pairs by depth."""

    lens = "cosine"

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, pair_colors, COSINE, "cosine similarity", by_pair=True)
        self.show_reason(NO_PAIR)

    def show_result(self, result: RunResult) -> None:  # noqa: D102
        clean, operated = result.clean.curves.get(self.lens), result.operated.curves.get(self.lens)
        if clean is None or operated is None or not clean.labels:
            self.show_reason(NO_PAIR)
            return
        places = [pair.index for pair in result.request.pairs]
        none = [None] * len(places)
        low, high = none if operated.low is None else operated.low, none if operated.high is None else operated.high
        pairs = zip(clean.labels, clean.values, operated.values, places, low, high, strict=True)
        self.draw([Series(*pair) for pair in pairs], result)

    def rows_at(self, depth: int) -> list[ReadoutRow]:  # noqa: D102
        return [
            ReadoutRow(
                series.label,
                plain(float(series.clean[depth])),
                plain(float(series.operated[depth]), 3 if series.low is None else 2),
                NO_CHANGE if series.unchanged else signed(float(series.operated[depth] - series.clean[depth])),
                series.place,
                band_words(partial(plain, digits=2), series, depth),
            )
            for series in self.plot.series
        ]


PANEL = PanelDeclaration(
    key="cosine_curve",
    title="Cosine similarity",
    help="How similar the residual vectors of two tokens are after each layer, in the clean and the operated run.",
    order=10,
    make=CosineCurve,
)
