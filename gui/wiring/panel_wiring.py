"""Results and reasons: from the controller to every panel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.runs.events import Failure
    from core.runs.result import RunResult
    from core.sessions.session import CleanSide
    from gui.panel import Panel
    from gui.run_controller import RunController
    from gui.store import SessionStore


class PanelWiring(QObject):
    """Shows each result in each panel; before the first one, the panels say what they wait for."""

    def __init__(
        self,
        store: SessionStore,
        controller: RunController,
        panels: Iterable[Panel],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._panels = tuple(panels)
        self._has_result = False
        self._show_reason("Waiting for the model.")
        self._show_clean_side(store.session.clean_side)
        store.changed.connect(lambda before, after: self._show_clean_side(after.clean_side))
        controller.resultReady.connect(self._on_controller_result_ready)
        controller.staleChanged.connect(self._on_controller_stale_changed)
        controller.progressed.connect(self._on_controller_progressed)
        controller.failed.connect(self._on_controller_failed)
        controller.cancelled.connect(self._on_controller_cancelled)
        for panel in self._panels:
            controller.modelOpened.connect(panel.show_model)
            controller.deeper.connect(panel.show_deeper)
            panel.targetChosen.connect(self._on_panel_target_chosen)

    def _show_reason(self, reason: str) -> None:
        for panel in self._panels:
            panel.show_reason(reason)

    def _show_clean_side(self, side: CleanSide) -> None:
        for panel in self._panels:
            panel.show_clean_side(side)

    @Slot(object)
    def _on_controller_result_ready(self, result: RunResult) -> None:
        self._has_result = True
        for panel in self._panels:
            panel.show_result(result)

    @Slot(bool)
    def _on_controller_stale_changed(self, stale: bool) -> None:
        for panel in self._panels:
            if stale:
                panel.set_outdated(False)
            panel.set_stale(stale and self._has_result)

    @Slot(str, object)
    def _on_controller_progressed(self, text: str, fraction: float | None) -> None:
        if text and not self._has_result:
            self._show_reason(f"{text} …")

    @Slot(object, str)
    def _on_controller_failed(self, failure: Failure, lane: str) -> None:
        if not self._has_result:
            self._show_reason(f"{failure.message} {failure.hint}".strip())
        elif lane == "run":
            self._mark_outdated()

    def _mark_outdated(self) -> None:
        for panel in self._panels:
            panel.set_outdated(True)

    @Slot(str)
    def _on_controller_cancelled(self, lane: str) -> None:
        if not self._has_result:
            self._show_reason("Nothing was run yet. Press F5, or choose a model in the menu beside the prompt.")
        elif lane == "run":
            self._mark_outdated()

    @Slot(int)
    def _on_panel_target_chosen(self, token: int) -> None:
        self._store.edit(replace(self._store.session, target=token), "Choose the target")
