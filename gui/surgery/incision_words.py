"""An incision in words: its place, its tokens, its operation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from core.interventions.operation import N_SEEDS, SEED
from core.interventions.ops import OPERATIONS
from core.interventions.plan import ParamValue
from gui.widgets.token_words import operation_name

if TYPE_CHECKING:
    from core.interventions.operation import Parameter
    from core.sites.site import Site
    from core.text.tokens import Tokens

Params = Mapping[str, ParamValue] | Iterable[tuple[str, ParamValue]]


def site_words(site: Site) -> str:
    """Return a site in plain words: ``Layer 3, head 5``, ``Layer 3, query of head 5``."""
    if site.layer is None:
        return site.point.label.capitalize()
    part = site.point.label
    if site.head is not None:
        shared = "key-value head" if site.point.heads == "key_value" else "head"
        part = f"{part} {site.head}" if part == "head" else f"{part} of {shared} {site.head}"
    neuron = "" if site.neuron is None else f", neuron {site.neuron}"
    return f"Layer {site.layer}, {part}{neuron}"


def number_words(value: ParamValue) -> str:
    """Return a parameter's value, short: ``2``, ``0.35``."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def operation_words(operation: str, params: Params, tokens: Tokens | None = None, seeds: int = 1) -> str:
    """Return an operation with its parameters: ``noise σ=2 seed=0``, over several seeds ``noise σ=2 seeds 0–9``.

    Choices that stand at their default are left out, and where the operation's name says what its
    parameters decide, all but the dose and the seed.
    """
    if operation not in OPERATIONS:
        return operation
    declared, given = OPERATIONS[operation], dict(params)
    full = {each.name: given.get(each.name, each.default) for each in declared.parameters}
    name = operation_name(declared, full, tokens, seeds)
    words = [name[:1].lower() + name[1:]]
    for parameter in declared.parameters:
        value = full[parameter.name]
        if declared.describe:
            told = parameter.is_dose or parameter.name == SEED
        else:
            told = parameter.kind != "choice" or value != parameter.default
        if told and parameter.name == SEED and seeds > 1:
            words.append(f"seeds {value}–{(int(value) + seeds - 1) % N_SEEDS}")
        elif told:
            words.append(f"{parameter_sign(parameter)}={number_words(value)}")
    return " ".join(words)


def operation_label(operation: str) -> str:
    """Return an operation without its parameters: ``noise``."""
    return OPERATIONS[operation].label.lower() if operation in OPERATIONS else operation


def dose_words(operation: str, params: Params) -> str:
    """Return the operation's strength alone, or nothing where it has none."""
    dose = OPERATIONS[operation].dose if operation in OPERATIONS else None
    return "" if dose is None else number_words(dict(params).get(dose.name, dose.default))


def operation_mark(operation: str) -> str:
    """Return the character that stands for an operation."""
    return (OPERATIONS[operation].mark if operation in OPERATIONS else "") or operation[:1]


def parameter_sign(parameter: Parameter) -> str:
    """Return the shortest name of a parameter: the letter at the end of its label, or its name."""
    last = parameter.label.split()[-1]
    return last if len(last) == 1 else parameter.name
