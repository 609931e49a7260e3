"""How far a sweep is, and what it takes, in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.runs.sweep_words import duration
from gui.widgets.number_format import whole

if TYPE_CHECKING:
    from core.runs.sweep_result import Cost, SweepProgress, SweepResult


def many(cells: int) -> str:
    """Return a number of cells: ``1 cell``, ``720 cells``."""
    return "1 cell" if cells == 1 else f"{whole(cells)} cells"


def cost_words(cells: int, cost: Cost | None) -> str:
    """Return what a sweep is going to take: ``720 cells, about 40 s``; without a time while none was measured."""
    known = cost is not None and cost.seconds is not None and cost.cells == cells
    return f"{many(cells)}, {duration(cost.seconds)}" if known else many(cells)  # type: ignore[union-attr, arg-type]


def going_words(result: SweepResult | None, progress: SweepProgress | None, *, exact: bool) -> str:
    """Return how far a sweep under way is."""
    if result is None:
        return "Starting \N{HORIZONTAL ELLIPSIS}"
    total = len(result.done)
    if not exact:
        return f"Estimating {many(total)} \N{HORIZONTAL ELLIPSIS}"
    left = "" if progress is None else f", {duration(progress.seconds_left)} left"
    return f"{whole(int(result.done.sum()))} of {many(total)}{left}"


def rest_words(result: SweepResult) -> str:
    """Return what is done of a sweep that is not under way."""
    done, total = int(result.done.sum()), len(result.done)
    if done < total:
        return f"{whole(done)} of {many(total)} done"
    took = f"{result.seconds * 1000:.0f} ms" if result.seconds < 1 else f"{result.seconds:.1f} s"
    return f"{many(total)} in {took}"
