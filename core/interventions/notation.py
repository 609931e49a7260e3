"""The CUT notation: ``SITE@POSITIONS=OP(params)``, parsed and printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import SurgeryError
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision, ParamValue, Plan, sorted_params
from core.sites.selection import ALL, parse_selection
from core.sites.site import parse_site

HOW = "Write it like L3H5.z@4=silence or L10.resid_post@mask=noise(sigma=2,seed=0)."
PATTERN = re.compile(
    r"""\s*(?P<site>[^@=\s]+)\s*
        (?:@\s*(?P<selection>"[^"]*"|'[^']*'|".*"|'.*'|[^=]*?)\s*)?
        =\s*(?P<operation>\w+)\s*(?:\((?P<params>[^()]*)\))?\s*""",
    re.VERBOSE | re.DOTALL,
)


def parse_cut(text: str) -> Incision:
    """Read one incision.

    Raises
    ------
    SurgeryError
        If it is not in the notation, or names something that does not exist.
    """
    match = PATTERN.fullmatch(text)
    if not match:
        raise SurgeryError(f"{text!r} is not a cut.", HOW)
    selection = ALL if match["selection"] is None else parse_selection(match["selection"])
    return incision(match["site"], selection, match["operation"], _params(match["params"] or "", text))


def _params(text: str, cut: str) -> dict[str, ParamValue]:
    params: dict[str, ParamValue] = {}
    for piece in filter(None, (part.strip() for part in text.split(","))):
        name, sign, value = (part.strip() for part in piece.partition("="))
        if not sign or not value:
            raise SurgeryError(f"{piece!r} in {cut!r} is not a parameter.", HOW)
        if name in params:
            raise SurgeryError(f"The parameter {name!r} stands twice in {cut!r}.", "Write it once.")
        params[name] = value
    return params


def incision(site: str, selection: Any, operation: str, params: Mapping[str, ParamValue]) -> Incision:
    """Return a checked incision from a site in the notation and a selection."""
    checked = OPERATIONS[operation].checked(params)
    return Incision(parse_site(site), selection, operation, sorted_params(checked))


def format_cut(cut: Incision) -> str:
    """Return an incision in the notation, so that ``parse_cut`` gives it back."""
    params = ",".join(f"{name}={value}" for name, value in cut.params)
    where = "" if cut.selection == ALL else f"@{cut.selection}"
    return f"{cut.site}{where}={cut.operation}" + (f"({params})" if params else "")


def parse_plan(document: Any) -> Plan:
    """Read a plan from JSON data: a list, or an object with a list called ``plan``.

    Each entry is a cut in the notation, or an object with ``site`` (with or without ``@`` and
    positions), ``op``, and optionally ``positions`` and ``params``, as ``run`` prints them.

    Raises
    ------
    SurgeryError
        If an entry is neither.
    """
    entries = document.get("plan") if isinstance(document, Mapping) else document
    if not isinstance(entries, list):
        raise SurgeryError("The plan file holds no list of cuts.", 'Write a JSON list such as ["L3H5.z@4=silence"].')
    return Plan(tuple(_entry(entry, number) for number, entry in enumerate(entries, 1)))


def _entry(entry: Any, number: int) -> Incision:
    if isinstance(entry, str):
        return parse_cut(entry)
    if not _is_incision(entry):
        raise SurgeryError(f"Entry {number} of the plan file is not a cut.", HOW)
    site, sign, where = entry["site"].partition("@")
    if entry.get("positions") is not None:
        sign, where = "@", ",".join(map(str, entry["positions"]))
    return incision(site, parse_selection(where) if sign else ALL, entry["op"], entry.get("params") or {})


def _is_incision(entry: Any) -> bool:
    """Return whether the parts of an entry are of the right kinds; what they say is checked later."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("params") or {}, Mapping):
        return False
    positions = entry.get("positions")
    if positions is not None and not (isinstance(positions, list) and positions and all(map(_is_position, positions))):
        return False
    return isinstance(entry.get("site"), str) and isinstance(entry.get("op"), str)


def _is_position(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9
