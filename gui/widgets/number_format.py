"""How numbers are written: true minus signs, and never a rounded zero that hides something."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
ABOUT = "\N{ALMOST EQUAL TO}"


def plain(value: float | None, digits: int = 3) -> str:
    """Write a number; a dash where there is none."""
    if value is None or math.isnan(value):
        return "\N{EN DASH}"
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else f"{MINUS}\N{INFINITY}"
    return f"{value:.{digits}f}".replace("-", MINUS)


def signed(value: float | None, digits: int = 3) -> str:
    """Write a difference with its sign; ``0`` only where it is exactly zero, and ``≈0`` where it is rounded to it."""
    if value is None or math.isnan(value) or math.isinf(value):
        return plain(value, digits)
    if value == 0:
        return "0"
    written = f"{value:+.{digits}f}"
    return written.replace("-", MINUS) if float(written) else f"{ABOUT}0"


def percent(probability: float | None) -> str:
    """Write a probability as a percentage of at most three figures."""
    if probability is None or math.isnan(probability):
        return "\N{EN DASH}"
    share = 100 * probability
    if 0 < share < 0.01:
        return "<0.01%"
    if 99.95 <= share < 100:
        return ">99.9%"
    return f"{share:.1f}%" if share >= 9.995 else f"{share:.2f}%"


def percent_points(difference: float | None) -> str:
    """Write the difference of two probabilities in percentage points."""
    if difference is None or math.isnan(difference):
        return "\N{EN DASH}"
    share = 100 * difference
    if 0 < abs(share) < 0.01:
        return f"{'+' if share > 0 else MINUS}<0.01 pp"
    return f"{signed(share, 1 if abs(share) >= 9.995 else 2)} pp"


def whole(value: float | None) -> str:
    """Write a whole number with thin spaces between the thousands."""
    return "\N{EN DASH}" if value is None else f"{int(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
