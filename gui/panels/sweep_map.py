"""The map of a sweep: one operation at every place, each place alone, as colours and numbers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QPushButton, QVBoxLayout, QWidget

from core.runs.sweep_readouts import map_readouts
from gui.panel import Panel, PanelDeclaration
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.estimate_scatter import EstimateScatter
from gui.widgets.framed_panel import FramedPanel
from gui.widgets.heat_legend import HeatLegend
from gui.widgets.heat_map import HeatMap
from gui.widgets.sweep_bar import KEY, Choice, SweepBar
from gui.widgets.sweep_picture import cell_title, layout, numbers_words

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from core.runs.result import RunResult
    from core.runs.sweep_result import SweepResult
    from gui.theme.theme import Theme
    from gui.widgets.heat_picture import Cell
    from gui.widgets.stale_veil import StaleVeil
    from gui.widgets.sweep_picture import Picture

STEPS = 1000
EXPORTS = {
    "csv": "Numbers as CSV \N{HORIZONTAL ELLIPSIS}",
    "png": "Picture as PNG \N{HORIZONTAL ELLIPSIS}",
    "svg": "Picture as SVG \N{HORIZONTAL ELLIPSIS}",
}
REST = "Point at a cell for its numbers; click it to put its incision into the plan, or to take it off."
REST_OF_DOTS = "Point at a dot for its cell; click it to put its incision into the plan, or to take it off."
NOTHING = f"Choose what to sweep over and press Sweep ({KEY}): the operation is run at every place, each alone."
NO_NUMBERS = (
    "There is nothing to show: this model predicts nothing here, and no two tokens are compared. Choose a pair."
)
CHOICES = (
    Choice("layer head", "layer \N{MULTIPLICATION SIGN} head", "Every head of every layer, at the chosen tokens."),
    Choice(
        "layer query",
        "queries: layer \N{MULTIPLICATION SIGN} head",
        "What every head looks for, at the chosen tokens.",
    ),
    Choice(
        "layer key",
        "keys: layer \N{MULTIPLICATION SIGN} head",
        "What the chosen tokens are found by, in every head that has keys.",
    ),
    Choice(
        "layer token",
        "layer \N{MULTIPLICATION SIGN} token",
        "The residual stream after every layer, at every single token.",
    ),
    Choice(
        "head token", "head \N{MULTIPLICATION SIGN} token", "Every head of one layer, at every token.", in_layer=True
    ),
    Choice(
        "part layer",
        "attention / MLP / block \N{MULTIPLICATION SIGN} layer",
        "All heads of a layer together, its MLP, and all of it, at the chosen tokens.",
    ),
    Choice("neuron", "neurons of a layer", "Every neuron of one layer, at the chosen tokens.", in_layer=True),
    Choice(
        "layer dose", "layer \N{MULTIPLICATION SIGN} dose", "The stream after every layer, at doses of the operation."
    ),
)


class SweepMap(Panel):
    """What to sweep over, how far it is, and the map with its legend and the numbers of a cell.

    Signals
    -------
    kindChosen(str), layerChosen(int), readoutChosen(str), depthChosen(int), bf16Chosen(bool)
    startWanted(), stopWanted()
        As in ``SweepBar``.
    exportWanted(str)
        As ``"csv"``, ``"png"`` or ``"svg"``.
    cellPicked(int)
        Number of a cell in the request, whose incision is wanted in the plan, or off it.
    """

    kindChosen = Signal(str)
    layerChosen = Signal(int)
    readoutChosen = Signal(str)
    depthChosen = Signal(int)
    bf16Chosen = Signal(bool)
    startWanted = Signal()
    stopWanted = Signal()
    exportWanted = Signal(str)
    cellPicked = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.setObjectName("sweep_map")
        self.picture: Picture | None = None
        self._offered: object = None
        self.bar = SweepBar(theme, CHOICES)
        self.words, self.note = ElidedLabel("muted", self), ElidedLabel("muted", self)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setRange(0, STEPS)
        self.scatter_button = QPushButton("Scatter", self)
        self.scatter_button.setProperty("kind", "quiet")
        self.scatter_button.setProperty("tight", True)
        self.scatter_button.setToolTip("Estimates against exact numbers, and their rank correlation.")
        self.scatter_button.setAccessibleName("estimates against exact numbers")
        self.scatter_button.setCheckable(True)
        self.export_button = QPushButton("Export", self)
        self.export_button.setProperty("kind", "quiet")
        self.export_button.setProperty("tight", True)
        self.export_button.setToolTip("All numbers as a table, or what is drawn as a picture.")
        self.export_button.setAccessibleName("export the map")
        self.export_button.setMenu(self._export_menu())
        self.map, self.legend = HeatMap(theme), HeatLegend(theme)
        self.scatter = EstimateScatter(theme)
        self.told = ElidedLabel("", self)
        self._build()
        for signal, own in (
            (self.bar.kindChosen, self.kindChosen),
            (self.bar.layerChosen, self.layerChosen),
            (self.bar.readoutChosen, self.readoutChosen),
            (self.bar.depthChosen, self.depthChosen),
            (self.bar.bf16Chosen, self.bf16Chosen),
            (self.bar.startWanted, self.startWanted),
            (self.bar.stopWanted, self.stopWanted),
        ):
            signal.connect(own)
        self.map.pointed.connect(self._on_map_pointed)
        self.map.picked.connect(self._on_map_picked)
        self.scatter.pointed.connect(self._tell)
        self.scatter.picked.connect(self.cellPicked)
        self.scatter_button.toggled.connect(self._on_scatter_toggled)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_progress("", None)
        self.show_note("")
        self.show_readouts(None, None, 0)
        self.show_picture(None)
        self.frame.show_reason(NOTHING)

    def _build(self) -> None:
        self._line = QHBoxLayout()
        for widget, stretch in (
            (self.words, 0),
            (self.progress, 0),
            (self.scatter_button, 0),
            (self.export_button, 0),
            (self.legend, 1),
        ):
            self._line.addWidget(widget, stretch)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for each, stretch in ((self.map, 1), (self.scatter, 1), (self.told, 0)):
            column.addWidget(each, stretch)
        self.scatter.hide()
        self.frame = FramedPanel(self.theme, body, "bars")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.bar)
        box.addLayout(self._line)
        box.addWidget(self.note)
        box.addWidget(self.frame, 1)

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        for kind, words in EXPORTS.items():
            menu.addAction(words, partial(self.exportWanted.emit, kind))
        return menu

    @property
    def reason(self) -> str:
        """Why there is no map to see; empty when there is."""
        return self.frame.reason

    @property
    def veil(self) -> StaleVeil:
        """The veil over the map."""
        return self.frame.veil

    def show_progress(self, words: str, share: float | None) -> None:
        """Say what a sweep is going to take, or how far it is; a share shows the bar."""
        self.words.setText(words)
        self.progress.setVisible(share is not None)
        self.progress.setValue(0 if share is None else round(share * STEPS))

    def show_note(self, words: str) -> None:
        """Say what is to be known of the map, such as another prompt that it belongs to."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def show_readouts(self, result: SweepResult | None, shown: Picture | None, depth: int) -> None:
        """Offer what a result has numbers for; nothing before there is one."""
        offered = {} if result is None else {each.key: each.label for each in map_readouts(result)}
        chosen = "" if shown is None else shown.readout.key
        at_depth = depth if shown is not None and shown.readout.pair is not None else None
        if (offered, chosen, at_depth) != self._offered:
            self._offered = (offered, chosen, at_depth)
            self.bar.show_readouts(offered, chosen, at_depth)

    def show_picture(self, picture: Picture | None) -> None:
        """Draw one readout of a sweep, or none."""
        self.picture = picture
        screened = None if picture is None else picture.screened
        self.map.show_heat(None if picture is None else picture.heat())
        compared = picture is not None and screened is not None and self.scatter.show_picture(picture, screened)
        self.scatter_button.setVisible(compared)
        self.export_button.setVisible(picture is not None)
        if not compared:
            self.scatter_button.setChecked(False)
        if picture is None:
            self.legend.show_nothing()
            self.frame.show_reason(NOTHING)
        else:
            self.legend.show_scale(picture.scale)
            self.frame.show_body()
        self._on_map_pointed(self.map.cell)

    def set_marked(self, numbers: frozenset[int]) -> None:
        """Outline the cells whose incisions are in the plan."""
        where = None if self.picture is None else layout(self.picture.result.request)
        self.map.set_marked(frozenset() if where is None else frozenset(where.place(number) for number in numbers))

    def show_result(self, result: RunResult) -> None:  # noqa: D102
        if self.picture is None:
            self.frame.show_reason(NOTHING)

    def show_reason(self, reason: str) -> None:  # noqa: D102
        if self.picture is None:
            self.frame.show_reason(reason)

    def set_stale(self, stale: bool) -> None:
        """A map is of a prompt, whatever the plan: runs do not make it stale."""

    def set_outdated(self, outdated: bool) -> None:
        """A map is of a prompt, whatever the plan: runs do not make it out of date."""

    def _on_map_pointed(self, cell: Cell | None) -> None:
        self._tell(None if self.picture is None or cell is None else self.picture.number(cell))

    def _tell(self, number: int | None) -> None:
        """Say which cell is under the pointer, and its numbers."""
        picture = self.picture
        if picture is None or number is None:
            rest = REST_OF_DOTS if self.scatter_button.isChecked() else REST
            self.told.setText("" if picture is None else rest)
            return
        self.told.setText(f"{cell_title(picture.result, number)}: {numbers_words(picture, number)}")
        self.map.setAccessibleDescription(self.told.text())

    def _on_map_picked(self, row: int, column: int) -> None:
        if self.picture is not None:
            self.cellPicked.emit(self.picture.number((row, column)))

    def _on_scatter_toggled(self, shown: bool) -> None:
        self.scatter.setVisible(shown)
        self.map.setVisible(not shown)
        self.legend.setVisible(not shown)
        self._line.setStretch(0, int(shown))
        self._tell(None)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.theme.palette.surface))
        painter.end()

    def _restyle(self) -> None:
        px = self.theme.pixels
        self._line.setContentsMargins(px(10), 0, px(10), px(2))
        self._line.setSpacing(px(10))
        self.progress.setFixedSize(px(90), px(8))
        for label in (self.words, self.note, self.told):
            label.setFont(self.theme.font(13))
        for label in (self.note, self.told):
            label.setContentsMargins(px(10), 0, px(10), px(4))


PANEL = PanelDeclaration(
    key="sweep_map",
    title="Sweep",
    help="One operation at every place of the model, each alone, as a map of what it changes.",
    order=45,
    make=SweepMap,
    behind="predictions",
)
