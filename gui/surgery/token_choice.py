"""Choosing tokens: what a click, a range and a drag make of what is chosen. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from core.sites.selection import ALL, Selection, at


def toggled(chosen: Iterable[int], position: int) -> tuple[int, ...]:
    """Return the choice with one token more or less; the last one always stays."""
    left = set(chosen) ^ {position}
    return tuple(sorted(left)) or (position,)


def span(first: int, last: int) -> tuple[int, ...]:
    """Return the positions from one token to another, whichever comes first."""
    return tuple(range(min(first, last), max(first, last) + 1))


def extended(chosen: Iterable[int], drawn: Iterable[int], add: bool) -> tuple[int, ...]:
    """Return the choice with drawn tokens added, or taken off; one of them always stays."""
    before, drawn = set(chosen), tuple(drawn)
    after = before | set(drawn) if add else before - set(drawn)
    return tuple(sorted(after)) or drawn[-1:]


def as_selection(positions: Iterable[int], count: int) -> Selection:
    """Return the selection of positions; every token of a longer prompt is ``all``."""
    wanted = sorted(set(positions))
    return ALL if count > 1 and len(wanted) == count else at(*wanted)


def chosen_words(chosen: int, count: int) -> str:
    """Return the sentence that says how many tokens are chosen."""
    if count == 0:
        return ""
    noun = "token" if count == 1 else "tokens"
    if chosen == count:
        return "the only token chosen" if count == 1 else f"all {count} {noun} chosen"
    return f"{chosen or 'none'} of {count} {noun} chosen"
