"""Cuts: between grid, brush, plan list and the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.errors import SurgeryError
from core.interventions.operation import N_SEEDS
from core.interventions.ops import OPERATIONS
from core.sessions import edits
from core.sessions.checks import check_incision
from core.text.locate import found, locate
from gui.notifications import Notice
from gui.surgery.grid_model import GridIncision
from gui.surgery.plan_row import PlanRow, plan_row
from gui.widgets.figure_words import direction_words, is_patch
from gui.widgets.token_words import positions_words
from gui.wiring.effect_memory import EffectMemory

if TYPE_CHECKING:
    from core.interventions.plan import Incision, ParamValue, Plan
    from core.models.info import ModelInfo
    from core.runs.events import Note
    from core.runs.result import RunResult
    from core.sessions.session import Session
    from core.sites.site import Site
    from core.text.tokens import Tokens
    from gui.notifications import Notifications
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.surgery.brush_bar import BrushBar
    from gui.surgery.head_grid import HeadGrid
    from gui.surgery.plan_list import PlanList

SEED = "seed"


def _same_cut(before: Plan, index: int, after: Plan) -> int | None:
    """Return where a cut of one plan stands in another: at its old index, or wherever its place is cut."""
    cut = before[index]
    if len(before) == len(after) and after[index].place == cut.place:
        return index
    return after.find(*cut.place)


def _hand_words(session: Session, in_hand: tuple[int, ...], tokens: Tokens | None) -> str:
    """Return what the fields edit; empty for the next cut."""
    if not in_hand:
        return ""
    if len(in_hand) > 1:
        return f"{len(in_hand)} incisions just made"
    incision = session.plan[in_hand[0]]
    where = positions_words(tokens, found(incision.selection, tokens)) or str(incision.selection)
    return f"{incision.site} @ {where}"


class CutWiring(QObject):
    """Keeps grid, brush and plan list in step with the session, both ways.

    The cuts that were just made, or the one selected in the list, are *in hand*: the dose
    control changes them; with none in hand it prepares the next cut.
    """

    def __init__(
        self,
        store: SessionStore,
        controller: RunController,
        notifications: Notifications,
        grid: HeadGrid,
        brush: BrushBar,
        plan: PlanList,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._notifications = store, notifications
        self._grid, self._brush, self._plan = grid, brush, plan
        self._tokens: Tokens | None = None
        self._info: ModelInfo | None = None
        self._notes: dict[int, str] = {}
        self._in_hand: tuple[int, ...] = ()
        self._effects = EffectMemory()
        self._rows: list[PlanRow] | None = None
        grid.cellsToggled.connect(self._on_grid_cells_toggled)
        brush.operationChosen.connect(self.choose_operation)
        brush.paramChanged.connect(self._on_brush_param_changed)
        brush.seedsChanged.connect(self._on_brush_seeds_changed)
        plan.enabledChanged.connect(self._on_plan_enabled_changed)
        plan.removed.connect(self._on_plan_removed)
        plan.moved.connect(self._on_plan_moved)
        plan.selected.connect(self._on_plan_selected)
        plan.cleared.connect(self.clear)
        plan.allEnabled.connect(self.enable_all)
        store.changed.connect(self._on_store_changed)
        controller.tokensChanged.connect(self._on_controller_tokens_changed)
        controller.modelOpened.connect(self._on_controller_model_opened)
        controller.resolved.connect(self._on_controller_resolved)
        controller.resultReady.connect(self._on_controller_result_ready)
        self._show()

    def choose_operation(self, key: str) -> None:
        """Make another operation the one that the next click makes."""
        self._in_hand = ()
        self._store.edit(edits.with_operation(self._store.session, key), f"Take {OPERATIONS[key].label.lower()}")
        self._show()

    def clear(self) -> None:
        """Take all cuts away."""
        self._store.edit(edits.cleared(self._store.session), "Clear all incisions")

    def enable_all(self, enabled: bool) -> None:
        """Switch all cuts on or off."""
        label = "Switch all incisions on" if enabled else "Switch all incisions off"
        self._store.edit(edits.with_enabled(self._store.session, enabled), label)

    @Slot(tuple, bool)
    def _on_grid_cells_toggled(self, sites: tuple[Site, ...], add: bool) -> None:
        session = self._store.session
        if add:
            if not found(session.chosen, self._tokens):
                self._notifications.show(
                    Notice("cut", "warning", "No token is chosen.", "Click a token in the strip first, then the cell.")
                )
                return
            try:
                for site in sites:
                    OPERATIONS[session.brush.operation].check_point(site.hook_point)
            except SurgeryError as error:
                self._notifications.show(Notice("cut", "warning", error.message, error.hint))
                return
            after = edits.painted(session, sites, session.chosen, self._exactly_at(sites))
            many = str(sites[0]) if len(sites) == 1 else f"{len(sites)} places"
            self._store.edit(after, f"{OPERATIONS[session.brush.operation].label} {many}")
            made = (after.plan.find(site, session.chosen) for site in sites)
            self._in_hand = tuple(index for index in made if index is not None)
        else:
            gone = self._seen_at(sites)
            many = str(sites[0]) if len(sites) == 1 else f"{len(sites)} places"
            self._store.edit(edits.erased(session, gone), f"Take incisions off {many}")
        self._notifications.withdraw("cut")
        self._show()

    def _exactly_at(self, sites: tuple[Site, ...]) -> dict[Site, int]:
        """Return the incisions at just the chosen tokens, in whatever words."""
        plan, chosen = self._store.session.plan, found(self._store.session.chosen, self._tokens)
        return {
            each.site: index
            for index, each in enumerate(plan)
            if each.site in sites and found(each.selection, self._tokens) == chosen
        }

    def _seen_at(self, sites: tuple[Site, ...]) -> list[int]:
        """Return the cuts at just the chosen tokens, or where a site has none of these, all of it."""
        session = self._store.session
        chosen = found(session.chosen, self._tokens)
        gone: list[int] = []
        for site in sites:
            here = [index for index, each in enumerate(session.plan) if each.site == site]
            exact = [index for index in here if found(session.plan[index].selection, self._tokens) == chosen]
            gone += exact or here
        return gone

    @Slot(str, object, bool)
    def _on_brush_param_changed(self, name: str, value: ParamValue, dragging: bool) -> None:
        session = self._store.session
        operation = session.brush.operation
        try:
            after = edits.with_brush_param(session, name, value)
            for number, index in enumerate(self._in_hand):
                if after.plan[index].operation == operation:
                    own = (int(value) + number) % N_SEEDS if name == SEED else value
                    after = edits.with_incision_param(after, index, name, own)
        except SurgeryError as error:
            self._notifications.show(Notice("cut", "warning", error.message, error.hint))
            self._show()
            return
        group = f"{name} {self._in_hand}"
        self._store.edit(after, f"Change {name}", group=group, dragging=dragging)
        if not dragging:
            self._store.seal()

    @Slot(int)
    def _on_brush_seeds_changed(self, count: int) -> None:
        self._store.edit(edits.with_seeds(self._store.session, count), "Change the number of seeds", group="seeds")

    @Slot(int, bool)
    def _on_plan_enabled_changed(self, index: int, enabled: bool) -> None:
        label = "Switch an incision on" if enabled else "Switch an incision off"
        self._store.edit(edits.with_enabled(self._store.session, enabled, index), label)

    @Slot(int)
    def _on_plan_removed(self, index: int) -> None:
        self._store.edit(edits.erased(self._store.session, (index,)), "Take an incision away")

    @Slot(int, int)
    def _on_plan_moved(self, index: int, to: int) -> None:
        self._store.edit(edits.moved(self._store.session, index, to), "Reorder the incisions")
        self._in_hand = (to,)
        self._show()

    @Slot(int)
    def _on_plan_selected(self, index: int) -> None:
        """Take a cut in hand: the brush becomes its operation, so that its dose can be changed."""
        self._in_hand = () if index < 0 else (index,)
        if index >= 0:
            self._store.edit(edits.with_brush_of(self._store.session, index), "Take an incision in hand", group="hand")
        self._show()

    @Slot(object, object)
    def _on_store_changed(self, before: Session, after: Session) -> None:
        if after.plan != before.plan:
            self._notes = {}
            self._effects.forget_rows()
            same = (_same_cut(before.plan, index, after.plan) for index in self._in_hand)
            self._in_hand = tuple(index for index in same if index is not None)
        if after.chosen != before.chosen:
            self._notifications.withdraw("cut")
        self._show()

    @Slot(object)
    def _on_controller_tokens_changed(self, tokens: Tokens) -> None:
        if tokens != self._tokens:
            self._tokens = tokens
            self._grid.set_tokens(tokens)
            self._show()

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: object) -> None:
        self._info = info
        self._grid.set_shape(info)
        self._brush.set_info(info)
        self._show()

    @Slot(object, object)
    def _on_controller_resolved(self, request: object, notes: tuple[Note, ...]) -> None:
        self._notes = {
            note.index: f"{note.message} {note.hint}".strip()
            for note in notes
            if note.part == "incision" and note.index is not None and not note.expected
        }
        self._show()

    @Slot(object)
    def _on_controller_result_ready(self, result: RunResult) -> None:
        self._effects.remember(result)
        self._show()

    def _problem(self, index: int, incision: Incision) -> str | None:
        """Return why an incision is not applied, or would not be."""
        if self._tokens is None or self._info is None:
            return None
        try:
            check_incision(incision, self._info)
            locate(incision.selection, self._tokens)
        except SurgeryError as error:
            return str(error)
        return self._notes.get(index)

    def _show(self) -> None:
        session = self._store.session
        rows, marks = [], []
        for index, each in enumerate(session.plan):
            where, problem = found(each.selection, self._tokens), self._problem(index, each)
            told, remarks = self._effects.told.get(index, ""), self._effects.remarks.get(index, ())
            patched = f"{self._effects.sources.get(index, '')} {direction_words(session.clean_side)}".strip()
            row = plan_row(
                each,
                where,
                self._tokens,
                problem,
                told,
                remarks,
                seeds=session.seeds,
                patched=patched if is_patch(each) else "",
            )
            rows.append(row)
            mark = GridIncision(each.site, where, each.operation, each.params, each.enabled, problem, each.receiver)
            marks.append(mark)
        if rows != self._rows:  # a row may be on its way to another place, under the mouse
            self._rows = rows
            self._plan.set_rows(rows)
        self._plan.set_selected(self._in_hand[0] if len(self._in_hand) == 1 else -1)
        self._plan.set_in_hand(self._in_hand)
        self._grid.set_incisions(marks)
        self._grid.set_chosen(found(session.chosen, self._tokens))
        self._grid.set_brush(session.brush.operation, session.brush.params)
        self._grid.set_effects(self._effects.texts())
        self._brush.set_brush(session.brush.operation, dict(session.brush.params))
        self._brush.set_seeds(session.seeds)
        self._brush.set_chosen(str(session.chosen))
        self._plan.set_editing(_hand_words(session, self._in_hand, self._tokens))
