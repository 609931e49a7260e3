"""The grid of layers and heads, with a line that says what is under the pointer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.interventions.plan import ParamValue
from gui.surgery.anatomy_switch import AnatomyRow, AnatomySwitch
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import CellHeat, GridIncision, grid_model
from gui.surgery.grid_picker import GridPicker
from gui.surgery.grid_points import CHOICES, GridPoints, fitting, refusal
from gui.surgery.grid_readout import GridReadout
from gui.surgery.grid_view import GridView
from gui.surgery.grid_words import Effects, GridScene, reading
from gui.surgery.swept_row import SweptRow

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.sites.site import Site
    from core.text.tokens import Tokens
    from gui.theme.theme import Theme
    from gui.widgets.anatomy_words import Anatomy


class HeadGrid(QWidget):
    """Every place of a model where an incision can be made, and those that are made.

    Signals
    -------
    cellsToggled(tuple of Site, bool)
        Sites to put the brush at, at the chosen tokens, in place of another operation that is there
        (True), or to take incisions off (False): those at just the chosen tokens, or, where a site
        has none of these (the Delete key), all.
    hovered(Site or None)
        What is under the pointer, or has the keyboard focus.
    receiverPicked(Site)
        The one receiver that a change is to be carried to.
    receiverGivenUp()
        No receiver is to be picked any more.
    pointsChanged()
        Cells stand for other hook points, which may take more or less room to say.
    anatomyToggled(bool)
        Whether the labels of heads are to be seen.
    guessWanted(tuple, QPoint)
        The layer and number of a head that somebody wants to guess, and where on the screen.
    """

    cellsToggled = Signal(tuple, bool)
    hovered = Signal(object)
    receiverPicked = Signal(object)
    receiverGivenUp = Signal()
    pointsChanged = Signal()
    anatomyToggled = Signal(bool)
    guessWanted = Signal(tuple, QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene, self._hit = GridScene(), Hit()
        self._wanted, self._before = GridPoints(), GridPoints()
        self.picker = GridPicker(theme, self)
        self.view = GridView(theme, self._scene, self)
        self.readout = GridReadout(theme, self)
        self.swept, self.labels = SweptRow(theme, self), AnatomyRow(theme, self)
        self.switch = AnatomySwitch(theme, self)
        self.picker.add(self.switch)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.picker)
        box.addWidget(self.view, 1)
        box.addWidget(self.labels)
        box.addWidget(self.swept)
        box.addWidget(self.readout)
        self.picker.pointChosen.connect(self._on_picker_point_chosen)
        self.picker.neuronChosen.connect(self._on_picker_neuron_chosen)
        self.view.cellsToggled.connect(self.cellsToggled)
        self.view.pointed.connect(self._on_view_pointed)
        self.view.receiverPicked.connect(self.receiverPicked)
        self.view.receiverGivenUp.connect(self.receiverGivenUp)
        self.view.guessWanted.connect(self.guessWanted)
        self.switch.toggled.connect(self.anatomyToggled)
        self.swept.hide()
        self.set_shape(None)

    @property
    def points(self) -> GridPoints:
        """Which hook points the cells stand for."""
        return self._scene.model.points if self._scene.model else self._wanted

    def set_shape(self, info: ModelInfo | None) -> None:
        """Show the cells of a model, or that none is open."""
        self._scene.info = info
        if info is not None and (self._wanted.neuron or 0) >= (info.d_mlp or 1):
            self._wanted = replace(self._wanted, neuron=None)
        self.picker.set_info(info)
        for part in (self.picker, self.readout):
            part.setVisible(info is not None)
        self._fit_points()
        self._refresh()

    def set_sender(self, sender: Site | None) -> None:
        """Let the next click pick the one receiver that a site's change is carried to, or with None no longer."""
        if sender == self._scene.sender:
            return
        if self._scene.sender is None:
            self._before = self._wanted
        self._scene.sender = sender
        self._wanted = self._before if sender is None else self._wanted
        self._fit_points()
        self._refresh()
        if sender is not None:
            self.view.start_at_first_open()
            self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_incisions(self, incisions: Iterable[GridIncision]) -> None:
        """Show the plan's incisions."""
        self._scene.incisions = tuple(incisions)
        self._refresh()

    def set_tokens(self, tokens: Tokens | None) -> None:
        """Tell the prompt's tokens, so that positions can be told with their text."""
        self._scene.tokens = tokens
        self._refresh()

    def set_chosen(self, chosen: tuple[int, ...]) -> None:
        """Tell which tokens the next incision is made at."""
        self._scene.chosen = chosen
        self._refresh()

    def set_brush(self, operation: str, params: Iterable[tuple[str, ParamValue]]) -> None:
        """Tell what a click makes."""
        another = operation != self._scene.operation
        self._scene.operation, self._scene.params = operation, tuple(params)
        if another:
            self._fit_points()
        self._refresh()

    def set_effects(self, effects: Effects) -> None:
        """Tell what incisions brought about, by site and positions, to be read when pointed at."""
        self._scene.effects = dict(effects)
        self._refresh()

    def set_swept(self, swept: Mapping[Site, CellHeat]) -> None:
        """Colour cells by what a sweep found at the chosen tokens; nothing takes the colours away."""
        shown = bool(swept) != bool(self._scene.swept)
        self._scene.swept = dict(swept)
        self.swept.setVisible(bool(swept))
        self.view.refresh_swept()
        self.readout.set_reading(reading(self._scene, self._hit))
        if shown:
            self.pointsChanged.emit()

    def set_anatomy(self, anatomy: Anatomy | None, reason: str = "") -> None:
        """Offer what is known of the heads, or say why nothing is, and show it where it is to be seen."""
        self._scene.anatomy = anatomy
        self.switch.blockSignals(True)
        self.switch.show_anatomy(anatomy, reason)
        self.switch.blockSignals(False)
        self.labels.show_anatomy(anatomy)
        self._refresh()
        self.pointsChanged.emit()

    def _fit_points(self) -> None:
        """Let cells stand for what was chosen, or where that makes no sense at the moment, for what does."""
        scene = self._scene
        names = [name for choices in CHOICES.values() for name in choices]
        reasons = {name: refusal(name, scene.operation, scene.sender, scene.info) for name in names}
        refused = {name: reason for name, reason in reasons.items() if reason is not None}
        points = fitting(self._wanted, refused)
        self.picker.set_points(points, refused)
        model = grid_model(scene.info, points)
        if model != scene.model:
            scene.model, self._hit = model, Hit()
            self.view.refresh_model()
            self.pointsChanged.emit()

    def _refresh(self) -> None:
        self.view.refresh_marks()
        self.readout.set_reading(reading(self._scene, self._hit))

    def _on_picker_point_chosen(self, name: str) -> None:
        self._wanted = self._wanted.with_point(name)
        self._fit_points()
        self._refresh()

    def _on_picker_neuron_chosen(self, neuron: int | None) -> None:
        self._wanted = replace(self._wanted, neuron=neuron)
        self._fit_points()
        self._refresh()

    def _on_view_pointed(self, hit: Hit) -> None:
        self._hit = hit
        self.readout.set_reading(reading(self._scene, hit))
        model = self._scene.model
        self.hovered.emit(model.site(hit.cell) if model and hit.cell else None)
