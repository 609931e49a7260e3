"""The grid of layers and heads, with a line that says what is under the pointer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.interventions.plan import ParamValue
from gui.surgery.grid_geometry import Hit
from gui.surgery.grid_model import GridIncision, grid_model
from gui.surgery.grid_readout import GridReadout
from gui.surgery.grid_view import GridView
from gui.surgery.grid_words import Effects, GridScene, reading

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.text.tokens import Tokens
    from gui.theme.theme import Theme


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
    """

    cellsToggled = Signal(tuple, bool)
    hovered = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene, self._hit = GridScene(), Hit()
        self.view = GridView(theme, self._scene, self)
        self.readout = GridReadout(theme, self)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.view, 1)
        box.addWidget(self.readout)
        self.view.cellsToggled.connect(self.cellsToggled)
        self.view.pointed.connect(self._on_view_pointed)
        self._refresh()

    def set_shape(self, info: ModelInfo | None) -> None:
        """Show the cells of a model, or that none is open."""
        model = grid_model(info)
        if model != self._scene.model:
            self._scene.model, self._hit = model, Hit()
            self.view.refresh_model()
        self.readout.setVisible(model is not None)
        self._refresh()

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
        self._scene.operation, self._scene.params = operation, tuple(params)
        self._refresh()

    def set_effects(self, effects: Effects) -> None:
        """Tell what incisions brought about, by site and positions, to be read when pointed at."""
        self._scene.effects = dict(effects)
        self._refresh()

    def _refresh(self) -> None:
        self.view.refresh_marks()
        self.readout.set_reading(reading(self._scene, self._hit))

    def _on_view_pointed(self, hit: Hit) -> None:
        self._hit = hit
        self.readout.set_reading(reading(self._scene, hit))
        model = self._scene.model
        self.hovered.emit(model.site(hit.cell) if model and hit.cell else None)
