"""First names of the planted text, and the pairs of them that are never written together."""

from __future__ import annotations

from core.specimens.draws import word_lists

HELD_OUT_EVERY = 7

_LISTS = word_lists("names")
GIRLS: tuple[str, ...] = tuple(_LISTS["girls"])
BOYS: tuple[str, ...] = tuple(_LISTS["boys"])
# Girls and boys in turn, so that every name has partners of both kinds among the held-out ones.
NAMES: tuple[str, ...] = tuple(name for pair in zip(GIRLS, BOYS, strict=True) for name in pair)

_NUMBER = {name: number for number, name in enumerate(NAMES)}


def is_held_out(one: str, other: str) -> bool:
    """Return whether two names never stand in one planted document, in either order.

    They do not if the sum of their numbers in the list is divisible by seven.
    """
    return (_NUMBER[one] + _NUMBER[other]) % HELD_OUT_EVERY == 0


def pairs(*, held_out: bool) -> tuple[tuple[str, str], ...]:
    """Return all pairs of different names that are held out, or all that are not, in one order."""
    return tuple(
        (one, other)
        for number, one in enumerate(NAMES)
        for other in NAMES[number + 1 :]
        if is_held_out(one, other) == held_out
    )


TRAINED_PAIRS = pairs(held_out=False)
# Within each of these no two names are a held-out pair: two such remainders never add up to seven.
COMPANIES = tuple(
    tuple(name for number, name in enumerate(NAMES) if number % HELD_OUT_EVERY in remainders)
    for remainders in ((1, 2, 3), (4, 5, 6))
)
