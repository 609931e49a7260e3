"""Registries: one entry per file of a package, found by discovery."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from core.errors import SurgeryError


class Keyed(Protocol):
    """Anything that can be registered: it says its own key."""

    @property
    def key(self) -> str:
        """The entry's unique name."""
        ...


Entry = TypeVar("Entry", bound=Keyed)


class Registry(Generic[Entry]):
    """Entries by key, in the order of their files' names.

    Parameters
    ----------
    kind : str
        What an entry is called in messages, such as ``"operation"``.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Add an entry; a second entry of the same key is a programming error."""
        if entry.key in self._entries:
            raise ValueError(f"two {self.kind}s are called {entry.key!r}")
        self._entries[entry.key] = entry

    def __getitem__(self, key: str) -> Entry:
        """Return the entry of that key.

        Raises
        ------
        SurgeryError
            If there is none; the hint names the nearest one.
        """
        if key in self._entries:
            return self._entries[key]
        near = difflib.get_close_matches(key, self._entries, n=1)
        known = ", ".join(self._entries)
        hint = f"Did you mean {near[0]}?" if near else f"This version has: {known}."
        raise SurgeryError(f"There is no {self.kind} {key!r}.", hint)

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def keys(self) -> tuple[str, ...]:
        """Return all keys."""
        return tuple(self._entries)


def discover(package: str, attribute: str, registry: Registry[Entry]) -> None:
    """Fill a registry with the ``attribute`` of every module in a package.

    Raises
    ------
    RuntimeError
        If a module declares nothing, or the package has no modules: a frozen build that lost
        its files must not start with half its features.
    """
    folder = importlib.import_module(package).__path__
    names = sorted(found.name for found in pkgutil.iter_modules(folder))
    for name in names:
        module = importlib.import_module(f"{package}.{name}")
        if not hasattr(module, attribute):
            raise RuntimeError(f"{package}.{name} declares no {attribute}")
        registry.add(getattr(module, attribute))
    if len(registry) != len(names) or not names:
        raise RuntimeError(f"{package} holds {len(names)} files but {len(registry)} {registry.kind}s")
