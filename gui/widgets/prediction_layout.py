"""Where the columns of the prediction table stand, for its header and its rows alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from gui.widgets.number_format import plain, whole

if TYPE_CHECKING:
    from gui.theme.theme import Theme
    from gui.widgets.prediction_model import PredictionRow

SCALE_ENDS = (0.05, 0.1, 0.2, 0.5, 1.0)
NUMBER_SIZE, TEXT_SIZE, SMALL_SIZE = 14, 15, 13
ROW_HEIGHT, COMPACT_ROW_HEIGHT = 38, 32
FULL_WIDTH = 760
LEAST_TOKEN_AND_BARS = 140


@dataclass(frozen=True)
class Columns:
    """Left and right of each column, in pixels; the change of log-prob gives way where there is no room."""

    rank: tuple[float, float]
    token: tuple[float, float]
    bars: tuple[float, float]
    prob: tuple[float, float]
    change: tuple[float, float]
    movement: tuple[float, float]

    @property
    def next_head(self) -> float:
        """Where the heads to the right of the bars' begin."""
        return min(self.change[0], self.movement[0])

    def area(self, name: str, top: float, height: float) -> QRectF:
        """Return a column's part of a row."""
        left, right = getattr(self, name)
        return QRectF(left, top, right - left, height)


def scale_end(largest: float) -> float:
    """Return the probability that a full bar stands for: round, so that it seldom changes."""
    return next(end for end in SCALE_ENDS if largest <= end or end == SCALE_ENDS[-1])


def columns(theme: Theme, width: float, rows: list[PredictionRow]) -> Columns:
    """Lay the columns out in a width: numbers get what they need, tokens and bars share the rest."""
    number = QFontMetricsF(theme.font(NUMBER_SIZE, bold=True))
    small, text = QFontMetricsF(theme.font(SMALL_SIZE)), QFontMetricsF(theme.font(TEXT_SIZE, bold=True))
    gap, edge = theme.pixels(12), theme.pixels(12)

    def widest(metrics: QFontMetricsF, texts: list[str]) -> float:
        return max(metrics.horizontalAdvance(written) for written in texts)

    moved = widest(number, [row.movement for row in rows] + ["gone"])
    change = widest(number, [plain(-10.0, 2), *(plain(-abs(row.log_prob_change), 2) for row in rows)])
    change = max(change, small.horizontalAdvance("\N{GREEK CAPITAL LETTER DELTA} log p"))
    prob = widest(small, ["<0.01%", "after"])
    ranks = widest(small, [whole(row.operated.rank) for row in rows] + ["00"])
    right = min(width - edge, theme.pixels(FULL_WIDTH))
    spans = {}
    spared = right - edge - ranks - moved - change - prob - 4 * gap < theme.pixels(LEAST_TOKEN_AND_BARS)
    if spared:
        spans["change"] = (width, width)
    for name, size in (("movement", moved), ("change", change), ("prob", prob)):
        if name in spans:
            continue
        spans[name] = (right - size, right)
        right -= size + gap
    spans["rank"] = (edge, edge + ranks)
    left = edge + ranks + gap
    token = min(widest(text, [row.text for row in rows] + ["token"]) + 2, max(0.5 * (right - left - gap), 0))
    spans["token"] = (left, left + token)
    spans["bars"] = (min(left + token + gap, right), right)
    return Columns(**spans)
