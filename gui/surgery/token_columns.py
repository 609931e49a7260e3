"""Two prompts above one another: which tokens share a column, and where the columns stand. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from gui.surgery.token_display import Face, Slot, flow

if TYPE_CHECKING:
    from core.text.alignment import Alignment

Column = tuple[int | None, int | None]


def uncrossed(alignment: Alignment) -> list[tuple[int, int]]:
    """Return the most matches that cross none of one another: the longest increasing subsequence."""
    matches = [(here, there) for here, there in enumerate(alignment) if there is not None]
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, there) in enumerate(matches):
        place = bisect_left(ends, there)
        before.append(last[place - 1] if place else -1)
        ends[place : place + 1] = [there]
        last[place : place + 1] = [number]
    found: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(matches[number])
        number = before[number]
    return found[::-1]


def columns(alignment: Alignment, n_there: int) -> list[Column]:
    """Return which token stands above which: counterparts above one another, the others beside them in order."""
    made: list[Column] = []
    here = there = 0
    for a, b in (*uncrossed(alignment), (len(alignment), n_there)):
        made += zip_longest(range(here, a), range(there, b))
        if a < len(alignment):
            made.append((a, b))
        here, there = a + 1, b + 1
    return made


def flow_columns(
    made: Sequence[Column],
    faces: tuple[Sequence[Face], Sequence[Face]],
    widths: tuple[Sequence[float], Sequence[float]],
    width: float,
    gap: float,
) -> tuple[tuple[Slot, ...], tuple[Slot, ...]]:
    """Return the places of both prompts' chips; those of a column are equally wide.

    Parameters
    ----------
    faces, widths : pair of sequences
        Of the prompt and of the counterfactual prompt.
    """
    needed, joined = [], []
    for column in made:
        there = [(side, index) for side, index in enumerate(column) if index is not None]
        needed.append(max(widths[side][index] for side, index in there))
        # The prompt's own words stay whole; a token without one above it stands with its own.
        side, index = there[0]
        joined.append(faces[side][index].joined)
    slots = flow(needed, joined, width, gap)
    upper: dict[int, Slot] = {}
    lower: dict[int, Slot] = {}
    for (a, b), slot in zip(made, slots, strict=True):
        if a is not None:
            upper[a] = slot
        if b is not None:
            lower[b] = slot
    return tuple(upper[index] for index in sorted(upper)), tuple(lower[index] for index in sorted(lower))
