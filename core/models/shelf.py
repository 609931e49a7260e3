"""What is held in memory up to a budget; the least recently used goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Kept(Generic[Thing]):
    """One thing on the shelf.

    Attributes
    ----------
    thing : object
    n_bytes : int
        The memory it takes.
    pool : str
        Which memory that is.
    """

    thing: Thing
    n_bytes: int
    pool: str


class Shelf(Generic[Thing]):
    """Things by key, each in one of several memories with a budget of its own.

    Parameters
    ----------
    budget : callable
        ``budget(pool)`` is how many bytes may be held in a memory.
    released : callable, optional
        Told the key of what was let go, after the shelf has forgotten it.
    """

    def __init__(self, budget: Callable[[str], int], released: Callable[[str], None] = lambda key: None) -> None:
        self.budget = budget
        self._released = released
        self._kept: OrderedDict[str, Kept[Thing]] = OrderedDict()
        self._pinned: list[str] = []

    def __iter__(self) -> Iterator[tuple[str, Kept[Thing]]]:
        """Go through keys and what is held, the most recently used first."""
        return iter(list(reversed(self._kept.items())))

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: str) -> Thing | None:
        """Return what is held under a key, which counts as using it; None if nothing is."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key].thing

    def put(self, key: str, thing: Thing, n_bytes: int, pool: str) -> None:
        """Hold a thing as the most recently used, and let others go until its memory's budget is kept.

        It stays also where it alone exceeds the budget.
        """
        self._kept[key] = Kept(thing, n_bytes, pool)
        self._kept.move_to_end(key)
        with self.pinned(key):
            self.tidy()

    def tidy(self) -> None:
        """Let go what the budgets do not allow."""
        for pool in {kept.pool for kept in self._kept.values()}:
            self._let_go_while(pool, partial(self._exceeded, pool))

    def make_room(self, n_bytes: int, pool: str, free: Callable[[], int]) -> None:
        """Let go until so much of a memory is free; nothing, where letting all go would not be enough.

        Parameters
        ----------
        free : callable
            Returns how many bytes are free now.
        """
        if free() + sum(self._kept[key].n_bytes for key in self._loose(pool)) >= n_bytes:
            self._let_go_while(pool, lambda: free() < n_bytes)

    def let_go(self, key: str) -> None:
        """Let go what is held under a key, if it is."""
        if self._kept.pop(key, None) is not None:
            self._released(key)

    def let_others_go(self) -> bool:
        """Let go everything that is not pinned; return whether there was anything."""
        loose = self._loose(None)
        for key in loose:
            self.let_go(key)
        return bool(loose)

    def held_bytes(self, pool: str) -> int:
        """Return how much of a memory is taken."""
        return sum(kept.n_bytes for kept in self._kept.values() if kept.pool == pool)

    def _exceeded(self, pool: str) -> bool:
        return self.held_bytes(pool) > self.budget(pool)

    @contextmanager
    def pinned(self, key: str) -> Iterator[None]:
        """Let a key not go while this lasts, except by name."""
        self._pinned.append(key)
        try:
            yield
        finally:
            self._pinned.remove(key)

    def _loose(self, pool: str | None) -> list[str]:
        """Return what may go, the least recently used first."""
        return [
            key for key, kept in self._kept.items() if key not in self._pinned and (pool is None or kept.pool == pool)
        ]

    def _let_go_while(self, pool: str, too_much: Callable[[], bool]) -> None:
        for key in self._loose(pool):
            if not too_much():
                return
            self.let_go(key)
