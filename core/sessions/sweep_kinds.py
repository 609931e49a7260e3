"""The sweeps that the window offers: from a kind, a layer and the session to what is to be swept. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.operation import SEED
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision
from core.sessions.checks import check_incision
from core.sessions.sweep_spec import SweepSpec, spread_doses
from core.sites.selection import ALL, at
from core.text.locate import found

if TYPE_CHECKING:
    from core.interventions.plan import ParamValue
    from core.models.info import ModelInfo
    from core.runs.request import ResolvedIncision
    from core.sessions.session import Session
    from core.text.tokens import Tokens

N_DOSES = 9


def _doses(spec: SweepSpec) -> SweepSpec:
    """Return the sweep at doses over the range that a slider offers."""
    dose = spec.dose
    if dose is None:
        raise SurgeryError(f"{OPERATIONS[spec.operation].label} has no dose to sweep.", "Choose another operation.")
    return replace(spec, doses=spread_doses(*dose.shown, N_DOSES))


KINDS: dict[str, Callable[[SweepSpec, int], SweepSpec]] = {
    "layer head": lambda spec, layer: replace(spec, sites="heads"),
    "layer query": lambda spec, layer: replace(spec, sites="queries"),
    "layer key": lambda spec, layer: replace(spec, sites="keys"),
    "layer token": lambda spec, layer: replace(spec, sites="resid", at=None),
    "head token": lambda spec, layer: replace(spec, sites="heads", at=None, layer=layer),
    "part layer": lambda spec, layer: replace(spec, sites="parts"),
    "neuron": lambda spec, layer: replace(spec, sites="neurons", layer=layer),
    "layer dose": lambda spec, layer: _doses(replace(spec, sites="resid")),
}


def spec_of(session: Session, kind: str, layer: int) -> SweepSpec:
    """Return a kind of sweep with the session's brush, at the tokens it has chosen.

    Raises
    ------
    SurgeryError
        If the operation has no dose, where doses are swept.
    """
    brush = SweepSpec(at=session.chosen, operation=session.brush.operation, params=session.brush.params)
    return KINDS[kind](brush, layer)


def incision_of(cell: ResolvedIncision, session: Session, tokens: Tokens) -> Incision:
    """Return a cell of a sweep as an incision of the plan, at the chosen tokens in the session's own words."""
    if found(session.chosen, tokens) == cell.positions:
        where = session.chosen
    else:
        where = ALL if len(cell.positions) == len(tokens) > 1 else at(*cell.positions)
    return Incision(cell.site, where, cell.operation, cell.params)


def in_plan(cell: ResolvedIncision, session: Session, tokens: Tokens) -> int | None:
    """Return where the plan has a cell's incision, whatever words name its tokens; None where it has not."""
    for index, each in enumerate(session.plan):
        same = (each.site, each.operation, each.receiver) == (cell.site, cell.operation, None)
        if (
            same
            and _seedless(each.params) == _seedless(cell.params)
            and found(each.selection, tokens) == cell.positions
        ):
            return index
    return None


def with_cell(session: Session, cell: ResolvedIncision, tokens: Tokens) -> Session:
    """Return the session with a cell's incision in the plan, or without it where it is there already.

    Another incision at the same place gives way.
    """
    index = in_plan(cell, session, tokens)
    if index is not None:
        return replace(session, plan=session.plan.without(index))
    made = incision_of(cell, session, tokens)
    there = session.plan.find(made.site, made.selection)
    plan = session.plan.added(made) if there is None else session.plan.replaced(there, made)
    return replace(session, plan=plan)


def _seedless(params: tuple[tuple[str, ParamValue], ...]) -> tuple[tuple[str, ParamValue], ...]:
    return tuple(each for each in params if each[0] != SEED)


def refused_kinds(session: Session, info: ModelInfo, layer: int) -> dict[str, str]:
    """Return the kinds that cannot be swept with the session's brush on a model, with the reasons."""
    reasons = {}
    for kind in KINDS:
        try:
            spec = spec_of(session, kind, layer)
            spec.check()
            for example in spec.examples():
                check_incision(example, info)
            if spec.sites == "neurons" and info.d_mlp is None:
                reasons[kind] = f"{info.name} has no single set of neurons in a layer."
        except SurgeryError as error:
            reasons[kind] = error.message
    return reasons


def count_cells(spec: SweepSpec, info: ModelInfo, tokens: Tokens) -> int:
    """Return how many cells a sweep has, if its operation can be made at every token."""
    parts = info.heads_at(spec.heads) if spec.heads else (info.d_mlp or 0) if spec.sites == "neurons" else 1
    layers = info.n_layers if spec.layer is None else 1
    return len(spec.points) * layers * parts * (len(tokens) if spec.at is None else 1) * max(len(spec.doses), 1)
