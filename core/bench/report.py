"""The answer as a table, and its curves as a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from math import log10
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.bench.measures import Row

WIDTH, HEIGHT, MARGIN, TITLE = 420, 260, 56, 30
# Okabe and Ito's, distinct to colour-blind eyes too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def table(rows: Iterable[Row], machine: Mapping[str, Any]) -> str:
    """Return the lines as text, with the machine they hold for."""
    lines = [", ".join(f"{name} {value}" for name, value in machine.items()), ""]
    shape = ""
    for row in rows:
        if row.shape != shape:
            shape = row.shape
            lines += [shape]
        between = f"({row.low:.3g} to {row.high:.3g})" if row.low != row.high else ""
        lines.append(
            f"  {row.measure:20} {row.case:20} {row.value:10.3g} {row.unit:13} {between:20} {row.note}".rstrip()
        )
    return "\n".join([*lines, ""])


def plot(rows: Iterable[Row]) -> str:
    """Return the curves as an SVG: a panel for every measure with several numbered cases, a line for every shape."""
    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    units = {}
    for row in rows:
        if row.case.isdigit():
            curves.setdefault(row.measure, {}).setdefault(row.shape, []).append((float(row.case), row.value))
            units[row.measure] = row.unit
    panels = [_panel(name, units[name], lines, number * HEIGHT) for number, (name, lines) in enumerate(curves.items())]
    size = f'width="{WIDTH + 160}" height="{max(1, len(panels)) * HEIGHT}"'
    style = "text{font:12px sans-serif}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f'<style>{style}</style><rect width="100%" height="100%" fill="white"/>',
            *panels,
            "</svg>\n",
        ]
    )


def _panel(name: str, unit: str, lines: dict[str, list[tuple[float, float]]], top: int) -> str:
    """Return one drawing; both axes are logarithmic where they span more than a factor of 20."""
    points = [point for line in lines.values() for point in line]
    x_of = _axis([x for x, _ in points], MARGIN, WIDTH - 10)
    y_of = _axis([y for _, y in points] + [0.0], top + HEIGHT - 40, top + TITLE)
    parts = [f'<text x="{MARGIN}" y="{top + 18}">{escape(name)} ({escape(unit)})</text>']
    bottom = top + HEIGHT - 40
    parts.append(f'<path d="M{MARGIN} {top + TITLE}V{bottom}H{WIDTH - 10}" stroke="black" fill="none"/>')
    for x in sorted({x for x, _ in points}):
        parts.append(f'<text x="{x_of(x):.1f}" y="{bottom + 16}" text-anchor="middle">{x:g}</text>')
    for y in (min(y for _, y in points), max(y for _, y in points)):
        parts.append(f'<text x="{MARGIN - 4}" y="{y_of(y) + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    for number, (shape, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>' for x, y in line]
        parts.append(f'<text x="{WIDTH}" y="{top + TITLE + 16 * number + 8}" fill="{colour}">{escape(shape)}</text>')
    return "\n".join(parts)


def _axis(values: list[float], start: float, end: float) -> Any:
    above = [value for value in values if value > 0]
    low, high = min(values), max(values)
    if above and max(above) > 20 * min(above):
        first, last = log10(min(above)), log10(max(above))
        return lambda value: start + (log10(max(value, min(above))) - first) / (last - first) * (end - start)
    return lambda value: start + (value - low) / ((high - low) or 1.0) * (end - start)
