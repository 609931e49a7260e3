"""The C library's memory, so that what one layer lets go is there for the next.

By itself the library gives large pieces back to the system at once, and the system fills those it
hands out again with zeros: a tenth of a sweep's time. Only glibc is known to have these switches.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

# Numbers of glibc's malloc.h.
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
WHILE_KEPT = {MMAP_THRESHOLD: 2**30, TRIM_THRESHOLD: 2**30}
# What the library comes to by itself once large pieces were let go.
USUAL = {MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26}


@cache
def _library() -> Any | None:
    """Return the C library if it is glibc."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version") else None


def use_one_arena() -> None:
    """Let all threads take memory from the same place, where large pieces can be kept; asked for before any starts."""
    if (library := _library()) is not None:
        library.mallopt(ARENA_MAX, 1)


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Keep what is let go for what is made next, for the time of a ``with`` block; then give it back."""
    library = _library()
    if library is None:
        yield
        return
    _set(library, WHILE_KEPT)
    try:
        yield
    finally:
        _set(library, USUAL)
        library.malloc_trim(0)


def _set(library: Any, switches: dict[int, int]) -> None:
    for switch, value in switches.items():
        library.mallopt(switch, value)
