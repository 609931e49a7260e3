"""The anatomy sheet of the open model: every score of every head, and what silencing heads does to planted questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from core.anatomy.roles import LABELS, SCORES
from gui.panel import Panel, PanelDeclaration
from gui.widgets.anatomy_words import SWITCH_KEY, known_words, value_words
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.framed_panel import FramedPanel
from gui.widgets.heat_legend import HeatLegend, Scale
from gui.widgets.heat_map import HeatMap
from gui.widgets.heat_picture import Heat
from gui.widgets.number_format import signed

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QPaintEvent

    from core.anatomy.sheet import Map, Sheet
    from core.runs.result import RunResult
    from gui.theme.theme import Theme
    from gui.widgets.anatomy_words import Anatomy
    from gui.widgets.heat_picture import Cell
    from gui.widgets.stale_veil import StaleVeil

HIDDEN = f"Guess first: right-click a head in the grid. Anatomy above the grid ({SWITCH_KEY}) shows what was measured."
WAITING = "What the heads of a model were measured to do appears here once one is open."
UNITS = {"copy_score": "share of sentences"}
REST = "Point at a head for its numbers; outlined ones earned a label by this score."


class AnatomySheet(Panel):
    """One score or map at a time, layer by head, once the labels are shown."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("anatomy")
        self._sheet: Sheet | None = None
        self._reason = WAITING
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("score or map of the anatomy sheet")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(28)
        self.map, self.legend = HeatMap(theme), HeatLegend(theme)
        self.map.setAccessibleName("map of the anatomy sheet")
        self.what, self.told = ElidedLabel("muted", self), ElidedLabel("", self)
        body = QWidget()
        self._line = QHBoxLayout()
        self._line.addWidget(self.choice)
        self._line.addWidget(self.legend, 1)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._line)
        column.addWidget(self.what)
        column.addWidget(self.map, 1)
        column.addWidget(self.told)
        self.frame = FramedPanel(theme, body, "bars")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.frame)
        self.choice.currentIndexChanged.connect(self._draw)
        self.map.pointed.connect(self._on_map_pointed)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.frame.show_reason(WAITING)

    @property
    def reason(self) -> str:
        """Why there is no sheet to see; empty when there is."""
        return self.frame.reason

    @property
    def veil(self) -> StaleVeil:
        """The veil over the sheet, which nothing draws."""
        return self.frame.veil

    def show_anatomy(self, anatomy: Anatomy | None, reason: str) -> None:
        """Show a model's sheet, or while the labels are hidden or there is none, why not."""
        sheet = anatomy.sheet if anatomy is not None and anatomy.shown else None
        self._reason = HIDDEN if anatomy is not None else reason
        if sheet is None:
            self._sheet = None
            self.frame.show_reason(self._reason)
            return
        if sheet is not self._sheet:
            self._sheet = sheet
            self._offer(sheet)
        self._draw()
        self.frame.show_body()

    def _offer(self, sheet: Sheet) -> None:
        before = self.choice.currentData()
        self.choice.blockSignals(True)
        self.choice.clear()
        for score in SCORES:
            if score.key in sheet.scores:
                self.choice.addItem(_capital(score.title), score.key)
        for each in sheet.maps:
            self.choice.addItem(f"Silenced: {each.title}", f"map {each.key}")
        self.choice.setCurrentIndex(max(self.choice.findData(before), 0))
        self.choice.blockSignals(False)

    def _map(self) -> Map | None:
        """Return the map that is chosen; None where it is a score."""
        maps = self._sheet.maps if self._sheet is not None else ()
        return next((each for each in maps if f"map {each.key}" == self.choice.currentData()), None)

    def _draw(self) -> None:
        sheet, key, shown = self._sheet, self.choice.currentData(), self._map()
        if sheet is None or key is None:
            return
        if shown is not None:
            title, values, share = "\N{GREEK CAPITAL LETTER DELTA} logit difference", shown.d_logit_difference, False
            self.what.setText(map_words(shown))
        else:
            share, values = SCORES[key].unit == "share", sheet.scores[key]
            title = UNITS.get(key, "share of attention" if share else "logit difference in nats")
            self.what.setText(f"{SCORES[key].definition} {SCORES[key].source}")
        limit = 1.0 if share else float(np.abs(values).max()) or 1.0
        self.map.show_heat(_heat(values, limit, share))
        self.map.set_marked(frozenset(head for head in sheet.labels if _earned_by(sheet.labels[head], key)))
        self.legend.show_scale(Scale(title, limit, signed=not share))
        self._on_map_pointed(self.map.cell)

    def _on_map_pointed(self, cell: Cell | None) -> None:
        sheet, shown = self._sheet, self._map()
        if sheet is None or cell is None:
            self.told.setText(REST)
            return
        if shown is not None:
            changes = (float(each[cell]) for each in (shown.d_logit_difference, shown.d_log_prob))
            number = "logit difference {}, log p {}".format(*(signed(change, 3) for change in changes))
        else:
            key = self.choice.currentData()
            number = value_words(SCORES[key], float(sheet.scores[key][cell]))
        self.told.setText(f"L{cell[0]}H{cell[1]}: {number}.  {known_words(sheet, cell)}")
        self.map.setAccessibleDescription(self.told.text())

    def show_result(self, result: RunResult) -> None:
        """A sheet is of a model, whatever is run on it."""

    def show_reason(self, reason: str) -> None:  # noqa: D102
        if self._sheet is None:
            self.frame.show_reason(reason if self._reason == WAITING else self._reason)

    def set_stale(self, stale: bool) -> None:
        """A sheet is of a model: runs do not make it stale."""

    def set_outdated(self, outdated: bool) -> None:
        """A sheet is of a model: runs do not make it out of date."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.palette.surface))
        painter.end()

    def _restyle(self) -> None:
        px = self.theme.pixels
        self._line.setContentsMargins(px(10), px(4), px(4), px(2))
        self._line.setSpacing(px(8))
        for each in (self.choice, self.what, self.told):
            each.setFont(self.theme.font(13))
        for label in (self.what, self.told):
            label.setContentsMargins(px(10), 0, px(10), px(4))


def map_words(shown: Map) -> str:
    """Return over what a map's numbers are means, and how the whole model does there."""
    return (
        f"Mean over {shown.questions} questions ({', '.join(shown.groups)}; {shown.right:.0%} right untouched, by "
        f"{signed(shown.logit_difference, 2)} nats) of the change when one head is silenced at all tokens."
    )


def _heat(values: NDArray[np.float64], limit: float, share: bool) -> Heat:
    layers, heads = values.shape
    return Heat(
        values=values,
        there=np.ones(values.shape, dtype=bool),
        estimated=np.zeros(values.shape, dtype=bool),
        rows=tuple(f"L{layer}" for layer in range(layers)),
        columns=tuple(str(head) for head in range(heads)),
        row_title="layer",
        column_title="head",
        limit=limit,
        signed=not share,
    )


def _earned_by(labels: tuple[str, ...], score: str) -> bool:
    return any(score in LABELS[label].needs for label in labels)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


PANEL = PanelDeclaration(
    key="anatomy",
    title="Anatomy",
    help="What every head was measured to do: scores, and maps of what silencing it changes; shown after a guess.",
    order=80,
    make=AnatomySheet,
    behind="predictions",
)
