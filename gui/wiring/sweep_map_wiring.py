"""The map of a sweep: its readout, its colours in the grid, and the incisions that are picked in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from core.runs.sweep_words import bf16_words
from core.sessions.sweep_kinds import in_plan, with_cell
from core.text.locate import found
from gui.notifications import Notice
from gui.panels.sweep_map import NO_NUMBERS, SweepMap
from gui.widgets.sweep_picture import picture
from gui.widgets.sweep_words import many
from gui.wiring.swept_cells import swept_cells, swept_title

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.sweep_result import SweepResult
    from core.sessions.session import Session
    from core.text.tokens import Tokens
    from gui.main_window import MainWindow
    from gui.notifications import Notifications
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.sweep import Sweeping

NOTICE = "sweep map"
OTHER = "This map belongs to another prompt."
OTHER_HINT = "Go back to that prompt, or sweep this one."
LAST = -1
# When cells come in, the grid is drawn this long after the map: both at once hold up the event loop.
GRID_LATER_MS = 30


class SweepMapWiring(QObject):
    """Draws what is known of a sweep into panel and grid, and puts picked cells into the plan."""

    def __init__(
        self,
        store: SessionStore,
        sweeping: Sweeping,
        controller: RunController,
        notifications: Notifications,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._sweeping, self._notifications = store, sweeping, notifications
        self._panel = panel = window.panel(SweepMap)
        self._grid = window.grid
        self._info: ModelInfo | None = None
        self._tokens: Tokens | None = None
        self._readout, self._depth, self._on_grid = "", LAST, True
        self._grid_later = QTimer(window, singleShot=True, interval=GRID_LATER_MS)
        self._grid_later.timeout.connect(self._color_grid)
        window.closing.connect(self._grid_later.stop)
        panel.readoutChosen.connect(self._on_panel_readout_chosen)
        panel.depthChosen.connect(self._on_panel_depth_chosen)
        panel.cellPicked.connect(self._on_panel_cell_picked)
        self._grid.swept.dismissed.connect(self._on_grid_swept_dismissed)
        sweeping.advanced.connect(self._on_sweeping_advanced)
        sweeping.runningChanged.connect(self._on_sweeping_running_changed)
        store.changed.connect(self._on_store_changed)
        controller.tokensChanged.connect(self._on_controller_tokens_changed)
        controller.modelOpened.connect(self._on_controller_model_opened)

    @property
    def drawing(self) -> bool:
        """Whether the grid is yet to be drawn."""
        return self._grid_later.isActive()

    @Slot(str)
    def _on_panel_readout_chosen(self, key: str) -> None:
        self._readout = key
        self._draw()

    @Slot(int)
    def _on_panel_depth_chosen(self, depth: int) -> None:
        self._depth = depth
        self._draw()

    @Slot(int)
    def _on_panel_cell_picked(self, number: int) -> None:
        result, tokens = self._sweeping.result, self._tokens
        if result is None or tokens is None:
            return
        if not self._is_here(result):
            self._notifications.show(Notice(NOTICE, "warning", OTHER, OTHER_HINT))
            return
        cell, session = result.request.cells[number], self._store.session
        label = f"Take the incision off {cell.site}"
        if in_plan(cell, session, tokens) is None:
            label = f"Cut {cell.site}"
        self._store.edit(with_cell(session, cell, tokens), label)

    @Slot()
    def _on_grid_swept_dismissed(self) -> None:
        self._on_grid = False
        self._draw()

    @Slot()
    def _on_sweeping_advanced(self) -> None:
        self._draw_map()
        self._grid_later.start()

    @Slot(bool)
    def _on_sweeping_running_changed(self, running: bool) -> None:
        self._on_grid = self._on_grid or running
        self._on_sweeping_advanced()

    @Slot(object, object)
    def _on_store_changed(self, before: Session, after: Session) -> None:
        if (before.plan, before.chosen, before.brush) != (after.plan, after.chosen, after.brush):
            self._draw()

    @Slot(object)
    def _on_controller_tokens_changed(self, tokens: Tokens) -> None:
        if tokens != self._tokens:
            self._tokens = tokens
            self._notifications.withdraw(NOTICE)
            self._draw()

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: object) -> None:
        self._info, self._tokens = info, None
        self._draw()

    def _is_here(self, result: SweepResult) -> bool:
        """Whether a sweep is of the prompt and the model at hand."""
        return self._tokens is not None and result.request.ids == self._tokens.ids and result.model == self._info

    @Slot()
    def _draw(self) -> None:
        """Show map and grid as they are now."""
        self._draw_map()
        self._color_grid()

    def _draw_map(self) -> None:
        result = self._sweeping.result
        if result is None:
            self._panel.show_readouts(None, None, 0)
            if self._panel.picture is not None:
                self._panel.show_picture(None)
            return
        last = result.model.n_layers
        depth = last if self._depth == LAST else min(self._depth, last)
        shown = picture(result, self._readout, depth, self._sweeping.screened)
        here = self._is_here(result)
        self._panel.show_readouts(result, shown, depth)
        self._panel.show_picture(shown)
        if shown is None:
            self._panel.show_reason(NO_NUMBERS)
        remarks = result.remarks or (bf16_words(result),)
        self._panel.show_note(
            " \N{MIDDLE DOT} ".join(filter(None, ("" if here else self._other_words(result), *remarks)))
        )
        self._panel.set_marked(self._marked(result) if here else frozenset())

    def _other_words(self, result: SweepResult) -> str:
        model = "" if result.model == self._info else f" on {result.model.name}"
        return f"Of another prompt{model}: {result.tokens.prompt}"

    def _marked(self, result: SweepResult) -> frozenset[int]:
        """Return the cells whose incisions are in the plan."""
        session, tokens, cells = self._store.session, self._tokens, result.request.cells
        sites = {each.site for each in session.plan}
        if tokens is None or not sites:
            return frozenset()
        near = (number for number, cell in enumerate(cells) if cell.site in sites)
        return frozenset(number for number in near if in_plan(cells[number], session, tokens) is not None)

    @Slot()
    def _color_grid(self) -> None:
        self._grid_later.stop()
        session, result = self._store.session, self._sweeping.result
        here = result is not None and self._is_here(result)
        shown = self._panel.picture if here and self._on_grid else None
        swept = {} if shown is None else swept_cells(shown, found(session.chosen, self._tokens), session.brush)
        if shown is not None and swept:
            title = swept_title(shown, many(int(shown.result.done.sum())))
            self._grid.swept.legend.show_scale(replace(shown.scale, title=title, gaps=False))
        self._grid.set_swept(swept)
