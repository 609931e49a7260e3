"""Curves as a drawing: panels of lines in an SVG, without any library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH, HEIGHT, MARGIN, TITLE = 420, 260, 56, 30
# Okabe and Ito's, distinct to colour-blind eyes too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MOST_LABELS = 8
MOST_CIRCLES = 40

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One drawing: a title, and a line of (x, y) points for every label."""

    title: str
    lines: Mapping[str, Points]


def draw(panels: Iterable[Panel]) -> str:
    """Return panels as an SVG, one below the other."""
    drawn = [_panel(panel, number * HEIGHT) for number, panel in enumerate(panels)]
    size = f'width="{WIDTH + 160}" height="{max(1, len(drawn)) * HEIGHT}"'
    style = "text{font:12px sans-serif}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f'<style>{style}</style><rect width="100%" height="100%" fill="white"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _panel(panel: Panel, top: int) -> str:
    """Return one drawing; both axes are logarithmic where they span more than a factor of 20."""
    points = [point for line in panel.lines.values() for point in line]
    x_of = _axis([x for x, _ in points], MARGIN, WIDTH - 10)
    y_of = _axis([y for _, y in points] + [0.0], top + HEIGHT - 40, top + TITLE)
    parts = [f'<text x="{MARGIN}" y="{top + 18}">{escape(panel.title)}</text>']
    bottom = top + HEIGHT - 40
    parts.append(f'<path d="M{MARGIN} {top + TITLE}V{bottom}H{WIDTH - 10}" stroke="black" fill="none"/>')
    for x in _labelled(sorted({x for x, _ in points}), x_of):
        parts.append(f'<text x="{x_of(x):.1f}" y="{bottom + 16}" text-anchor="middle">{x:g}</text>')
    for y in (min(y for _, y in points), max(y for _, y in points)):
        parts.append(f'<text x="{MARGIN - 4}" y="{y_of(y) + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    for number, (label, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        if len(line) <= MOST_CIRCLES:
            parts += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3" fill="{colour}"/>' for x, y in line]
        parts.append(f'<text x="{WIDTH}" y="{top + TITLE + 16 * number + 8}" fill="{colour}">{escape(label)}</text>')
    return "\n".join(parts)


def _labelled(values: Sequence[float], place: Callable[[float], float]) -> Sequence[float]:
    """Return all values, or of many some that stand apart on the axis."""
    if len(values) <= MOST_LABELS:
        return values
    start, end = place(values[0]), place(values[-1])
    wanted = [start + (end - start) * part / (MOST_LABELS - 1) for part in range(MOST_LABELS)]
    return sorted({min(values, key=lambda value: abs(place(value) - at)) for at in wanted})


def _axis(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    above = [value for value in values if value > 0]
    low, high = min(values), max(values)
    if above and max(above) > 20 * min(above):
        first, last = log10(min(above)), log10(max(above))
        return lambda value: start + (log10(max(value, min(above))) - first) / (last - first) * (end - start)
    return lambda value: start + (value - low) / ((high - low) or 1.0) * (end - start)
