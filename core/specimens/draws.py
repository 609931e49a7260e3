"""Drawing words from a generator, quickly enough for a hundred documents per training step."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from core import paths

if TYPE_CHECKING:
    import numpy as np

Item = TypeVar("Item")
Other = TypeVar("Other")
AT_ONCE = 32


class Draws:
    """Single draws from a generator, which gives many numbers at once far more cheaply than one."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._numbers: list[float] = []

    def number(self) -> float:
        """Return a number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._random.random(AT_ONCE).tolist()
        return self._numbers.pop()

    def chance(self, odds: float) -> bool:
        """Return True with probability ``odds``."""
        return self.number() < odds

    def one_of(self, items: Sequence[Item]) -> Item:
        """Return one item, each equally likely."""
        return items[int(self.number() * len(items))]

    def some_of(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return ``count`` different items in random order."""
        found: dict[Item, None] = {}
        while len(found) < count:
            found[self.one_of(items)] = None
        return list(found)

    def weighted(self, odds: Mapping[Item, float]) -> Item:
        """Return one of the keys, with the probabilities that are their values."""
        left = self.number()
        for item, share in odds.items():
            left -= share
            if left < 0:
                return item
        return item


def word_lists(name: str) -> dict[str, Any]:
    """Return the tables of ``resources/plants/NAME.toml``."""
    return tomllib.loads((paths.resources() / "plants" / f"{name}.toml").read_text(encoding="utf-8"))


def crossed(
    firsts: Iterable[Item], seconds: Iterable[Other], every: int, *, held_out: bool
) -> tuple[tuple[Item, Other], ...]:
    """Return the pairs of a first and a second that are held out, or the others, in order.

    Held out are those whose numbers in the two lists add up to a multiple of ``every``.
    """
    return tuple(
        (first, second)
        for row, first in enumerate(firsts)
        for column, second in enumerate(seconds)
        if ((row + column) % every == 0) == held_out
    )


def single_words(*texts: str) -> tuple[str, ...]:
    """Return the different words of texts that may hold several, in order."""
    return tuple(dict.fromkeys(word for text in texts for word in text.split()))


def in_words(odds: Mapping[str, float]) -> str:
    """Return odds as the card writes them, such as ``"jelly 70 %, honey 30 %"``."""
    return ", ".join(f"{word} {share * 100:g} %" for word, share in odds.items())


def sentence_case(text: str) -> str:
    """Return a text with its first letter capital and the others as they are."""
    return text[:1].upper() + text[1:]
