"""What there is to say of a sweep: how long it takes, and how exact it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.runs.sweep_result import SweepResult


def duration(seconds: float) -> str:
    """Return a time as nobody measures it more closely: ``under 1 s``, ``about 40 s``, ``about 12 min``."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 10:
        return f"about {seconds:.0f} s"
    if seconds < 90:
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"


def bf16_words(result: SweepResult) -> str:
    """Return what has to be known of numbers that were computed in bf16; empty where none were."""
    found = result.checked
    if not result.bf16 or found is None:
        return "Differences in bf16, not checked yet." if result.bf16 else ""
    errors = [
        f"{value:.1e} {what}"
        for value, what in ((found.log_prob, "nats of log-probability"), (found.cosine, "of cosine"))
        if value is not None
    ]
    within = f"within {' and '.join(errors)} of exact runs" if errors else "with nothing to compare"
    return f"Differences in bf16: {within} in the {len(found.cells)} of {len(result.done)} cells that were run again."
