"""The answer as a table, and its curves as a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.line_plots import Panel, draw
from core.runs.answer import number_data

if TYPE_CHECKING:
    from core.bench.measures import Row


def table(rows: Iterable[Row], machine: Mapping[str, Any]) -> str:
    """Return the lines as text, with the machine they hold for."""
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    shape = ""
    for row in rows:
        if row.shape != shape:
            shape = row.shape
            lines += [shape]
        between = f"({row.low:.3g} to {row.high:.3g})" if row.low < row.high else ""
        lines.append(
            f"  {row.measure:20} {row.case:20} {row.value:10.3g} {row.unit:13} {between:20} {row.note}".rstrip()
        )
    return "\n".join([*lines, ""])


def as_data(row: Row) -> dict[str, Any]:
    """Return a line for JSON, which knows no NaN."""
    return {name: number_data(value) if isinstance(value, float) else value for name, value in asdict(row).items()}


def plot(rows: Iterable[Row]) -> str:
    """Return the curves as an SVG: a panel for every measure with several numbered cases, a line for every shape."""
    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        if row.case.isdigit():
            lines = curves.setdefault(f"{row.measure} ({row.unit})", {})
            lines.setdefault(row.shape, []).append((float(row.case), row.value))
    return draw(Panel(title, lines) for title, lines in curves.items())
