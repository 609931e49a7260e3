"""From what is to be swept to the cells of a request: pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.plan import Plan
from core.runs.events import Note
from core.runs.sweep_request import Axis, SweepRequest
from core.sessions.checks import check_incision
from core.sessions.resolve import resolve
from core.sessions.resolve_incision import resolve_incision
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.request import ResolvedIncision, RunRequest
    from core.runs.sweep_request import Method
    from core.sessions.other_texts import OtherTexts
    from core.sessions.session import Session
    from core.sessions.sweep_spec import SweepSpec
    from core.text.tokens import Tokens


def resolve_sweep(
    session: Session,
    spec: SweepSpec,
    identity: str,
    tokens: Tokens,
    info: ModelInfo,
    token_id: Callable[[str], int],
    others: OtherTexts,
    method: Method = "exact",
) -> tuple[SweepRequest, RunRequest, tuple[Note, ...]]:
    """Turn words into cells, and fill in what was left open.

    Where each token is a cell, those where the operation cannot be made are left out and noted.

    Returns
    -------
    SweepRequest, RunRequest, tuple of Note
        The second is the run of the untouched model with the same readouts; what of these cannot
        be followed is left out and noted.

    Raises
    ------
    SurgeryError
        If the model has no such sites, or the operation cannot be made anywhere.
    """
    spec.check()
    for example in spec.examples():
        check_incision(example, info)

    def resolved(number: int, site: Site, position: int | None, dose: float | None) -> ResolvedIncision:
        return resolve_incision(number, spec.incision(site, position, dose), tokens, info, token_id, others)

    layers = _layers(spec, info)
    first = Site(spec.points[0], layers[0])
    positions, left_out = _positions(spec, tokens, lambda position: resolved(0, first, position, None))
    parts = _parts(spec, info)
    doses: tuple[float | None, ...] = spec.doses or (None,)
    places = product(spec.points, layers, parts, positions, doses)
    cells = tuple(
        resolved(number, Site(point, layer, **part), position, dose)
        for number, (point, layer, part, position, dose) in enumerate(places)
    )
    plan = Plan((spec.example(positions[0]),))
    base, notes = resolve(replace(session, plan=plan, seeds=1), identity, tokens, info, token_id, others)
    request = SweepRequest(
        model=identity,
        ids=tokens.ids,
        cells=cells,
        axes=_axes(spec, layers, parts, positions, tokens),
        method="bf16" if method == "exact" and spec.bf16 else method,
        read_position=base.read_position,
        target=base.target,
        versus=base.versus,
        pairs=base.pairs,
        top_k=base.top_k,
        donor=base.donor,
        references=base.references,
        transplant=base.transplant,
    )
    return request, base.clean(), (*notes, *left_out)


def _layers(spec: SweepSpec, info: ModelInfo) -> tuple[int, ...]:
    return tuple(range(info.n_layers)) if spec.layer is None else (spec.layer,)


def _parts(spec: SweepSpec, info: ModelInfo) -> tuple[dict[str, int], ...]:
    """Return what of a layer each cell names: a head, a neuron, or all of it."""
    if spec.heads:
        return tuple({"head": head} for head in range(info.heads_at(spec.heads)))
    if spec.sites == "neurons":
        if info.d_mlp is None:
            raise SurgeryError(f"{info.name} has no single set of neurons in a layer.", "Sweep its MLPs instead.")
        return tuple({"neuron": neuron} for neuron in range(info.d_mlp))
    return ({},)


def _positions(
    spec: SweepSpec, tokens: Tokens, tried: Callable[[int], object]
) -> tuple[tuple[int | None, ...], list[Note]]:
    """Return the tokens that are cells of their own, and notes on those where nothing can be done."""
    if spec.at is not None:
        return (None,), []
    found: list[int | None] = []
    notes: list[Note] = []
    for position in range(len(tokens)):
        try:
            tried(position)
            found.append(position)
        except SurgeryError as error:
            notes.append(Note("sweep", position, error.message, error.hint, expected=True))
            problem = error
    if not found:
        raise problem
    return tuple(found), notes


def _axes(
    spec: SweepSpec,
    layers: tuple[int, ...],
    parts: tuple[dict[str, int], ...],
    positions: tuple[int | None, ...],
    tokens: Tokens,
) -> tuple[Axis, ...]:
    axes = [Axis("layer", layers, tuple(f"L{layer}" for layer in layers))]
    if len(spec.points) > 1:
        labels = tuple(HOOK_POINTS[point].label for point in spec.points)
        axes.insert(0, Axis("part", tuple(range(len(labels))), labels))
    if spec.heads:
        axes.append(Axis("head", tuple(part["head"] for part in parts), tuple(f"H{part['head']}" for part in parts)))
    if spec.sites == "neurons":
        numbers = tuple(part["neuron"] for part in parts)
        axes.append(Axis("neuron", numbers, tuple(f"N{number}" for number in numbers)))
    chosen = tuple(position for position in positions if position is not None)
    if chosen:
        axes.append(Axis("token", chosen, tuple(tokens.items[position].text for position in chosen)))
    if spec.doses:
        axes.append(Axis("dose", spec.doses, tuple(f"{dose:g}" for dose in spec.doses)))
    return tuple(axes)
