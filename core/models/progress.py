"""How long work in this package tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, float | None], None]
"""``report(text, fraction)``; the fraction is None where the length is not known."""


def silent(text: str, fraction: float | None) -> None:
    """Tell nobody."""


def in_words(n_bytes: float) -> str:
    """Return a size as people write it: ``412 MB``, ``5.8 GB``."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= 0.9995 * size:
            amount = n_bytes / size
            return f"{amount:.1f} {unit}" if amount < 9.95 and unit == "GB" else f"{amount:.0f} {unit}"
    return f"{n_bytes:.0f} bytes"
