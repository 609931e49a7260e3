"""The C library's memory, so that what one layer lets go is there for the next.

A user's own MALLOC_ variables stand. By itself the library gives large pieces back to the system at once, and the system fills those it
hands out again with zeros: a tenth of a sweep's time. Only glibc is known to have these switches.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# Numbers of glibc's malloc.h.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
# As much as a layer lets go; with more, a sweep would hold some 400 MB more than it needs and be no faster.
WHILE_KEPT = ((MMAP_THRESHOLD, 2**25), (TRIM_THRESHOLD, 2**27))
# What the library comes to by itself once large pieces were let go.
USUAL = ((MMAP_THRESHOLD, 2**25), (TRIM_THRESHOLD, 2**26))
_blocks: list[None] = []


@cache
def _library() -> Any | None:
    """Return the C library if it is glibc, and the user has not chosen how it works."""
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version") else None


def use_one_arena() -> None:
    """Let all threads take memory from the same place, where large pieces can be kept; asked for before any starts."""
    if (library := _library()) is not None:
        library.mallopt(ARENA_MAX, 1)


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep what is let go for what is made next, for the time of a ``with`` block; then give it back.

    Within another such block nothing is given back before that one ends. Computing threads do not
    take turns: there is one.
    """
    library = None if _blocks else _library()
    _blocks.append(None)
    try:
        if library is not None:
            _set(library, WHILE_KEPT)
        yield
    finally:
        _blocks.pop()
        if library is not None:
            _set(library, USUAL)
            library.malloc_trim(0)


def _set(library: Any, switches: tuple[tuple[int, int], ...]) -> None:
    for switch, value in switches:
        library.mallopt(switch, value)
