"""The CUT notation: ``SITE@POSITIONS=OP(params)->RECEIVER``, parsed and printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import SurgeryError
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision, ParamValue, Plan, sorted_params
from core.interventions.receiver import check_receiver
from core.sites.selection import ALL, parse_selection
from core.sites.site import parse_site

HOW = "Write it like L3H5.z@4=silence, L10.resid_post@mask=noise(sigma=2,seed=0) or L3H5.z=mean->L8H6.q."
# A part of a parameter: a text in quotes, an escaped sign, a lone backslash, any other sign.
PIECE = r"""(?:"(?:[^"\\]|\\.)*"|\\[\\,()="]|\\(?![\\,()="])|[^()"\\])"""
PATTERN = re.compile(
    rf"""\s*(?P<site>[^@=\s]+)\s*
        (?:@\s*(?P<selection>"[^"]*"|'[^']*'|".*"|'.*'|[^=]*?)\s*)?
        =\s*(?P<operation>\w+)\s*(?:\((?P<params>{PIECE}*)\))?\s*
        (?:->\s*(?P<receiver>[^@=\s]+)\s*)?""",
    re.VERBOSE | re.DOTALL,
)
QUOTED_OR_ESCAPED = re.compile(r"""("(?:[^"\\]|\\.)*")|\\([\\,()="])""", re.DOTALL)
NAMED = re.compile(r"\s*\w+\s*=")


def parse_cut(text: str) -> Incision:
    """Read one incision.

    A parameter may hold commas, signs of equality and parentheses within double quotes, which
    stay part of it; elsewhere a backslash before such a sign takes its meaning away. A comma ends
    a parameter only where the name of another follows.

    Raises
    ------
    SurgeryError
        If it is not in the notation, names something that does not exist, or puts an operation or
        a receiver where there can be none.
    """
    match = PATTERN.fullmatch(text)
    if not match:
        raise SurgeryError(f"{text!r} is not a cut.", HOW)
    selection = ALL if match["selection"] is None else parse_selection(match["selection"])
    params = _params(match["params"] or "", text)
    return incision(match["site"], selection, match["operation"], params, match["receiver"])


def _params(text: str, cut: str) -> dict[str, ParamValue]:
    params: dict[str, ParamValue] = {}
    for piece in filter(None, map(str.strip, _pieces(text))):
        name, sign, value = (part.strip() for part in piece.partition("="))
        if not sign or not value:
            raise SurgeryError(f"{piece!r} in {cut!r} is not a parameter.", HOW)
        if name in params:
            raise SurgeryError(f"The parameter {name!r} stands twice in {cut!r}.", "Write it once.")
        params[name] = QUOTED_OR_ESCAPED.sub(lambda found: found[1] or found[2], value)
    return params


def _pieces(text: str) -> list[str]:
    """Split parameters at the commas that another one follows, or nothing."""
    pieces = [""]
    for part in re.finditer(PIECE, text, re.DOTALL):
        rest = text[part.end() :]
        if part[0] == "," and (not rest.strip() or not pieces[-1].strip() or NAMED.match(rest)):
            pieces.append("")
        else:
            pieces[-1] += part[0]
    return pieces


def incision(
    site: str, selection: Any, operation: str, params: Mapping[str, ParamValue], receiver: str | None = None
) -> Incision:
    """Return a checked incision from a site in the notation and a selection.

    Raises
    ------
    SurgeryError
        As `parse_cut`.
    """
    declared, where = OPERATIONS[operation], parse_site(site)
    declared.check_point(where.hook_point)
    checked = sorted_params(declared.checked(params))
    to = None if receiver is None else parse_site(receiver)
    if to is not None:
        check_receiver(where, to)
    return Incision(where, selection, operation, checked, receiver=to)


def format_cut(cut: Incision) -> str:
    """Return an incision in the notation, so that ``parse_cut`` gives it back."""
    params = ",".join(f"{name}={_written(str(value))}" for name, value in cut.params)
    where = "" if cut.selection == ALL else f"@{cut.selection}"
    to = "" if cut.receiver is None else f"->{cut.receiver}"
    return f"{cut.site}{where}={cut.operation}" + (f"({params})" if params else "") + to


def _written(value: str) -> str:
    """Return a parameter's value as it stands where it is read back so, else with escaped signs."""
    alone = f"_={value}"
    is_read_back = (
        re.fullmatch(f"{PIECE}*", alone, re.DOTALL)
        and len(_pieces(alone)) == 1
        and _params(alone, alone) == {"_": value}
        and not value.endswith("\\")  # it would escape the sign that follows
    )
    if is_read_back:
        return value
    return re.sub(r"""[\\,()="]""", r"\\\g<0>", value)


def parse_plan(document: Any) -> Plan:
    """Read a plan from JSON data: a list, or an object with a list called ``plan``.

    Each entry is a cut in the notation, or an object with ``site`` (with or without ``@`` and
    positions), ``op``, and optionally ``positions``, ``params`` and ``receiver``, as ``run`` prints them.

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
    selection = parse_selection(where) if sign else ALL
    return incision(site, selection, entry["op"], entry.get("params") or {}, entry.get("receiver"))


def _is_incision(entry: Any) -> bool:
    """Return whether the parts of an entry are of the right kinds; what they say is checked later."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("params") or {}, Mapping):
        return False
    positions = entry.get("positions")
    if positions is not None and not (isinstance(positions, list) and positions and all(map(_is_position, positions))):
        return False
    if not isinstance(entry.get("receiver"), str | None):
        return False
    return isinstance(entry.get("site"), str) and isinstance(entry.get("op"), str)


def _is_position(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9
