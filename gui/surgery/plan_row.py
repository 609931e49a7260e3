"""A row of the plan list in words. Pure, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gui.surgery.incision_words import operation_mark, operation_words, positions_words

if TYPE_CHECKING:
    from core.interventions.plan import Incision
    from core.text.tokens import Tokens

UNCHANGED = "left its activation as it was"


@dataclass(frozen=True)
class PlanRow:
    """One incision, as the list shows it.

    Attributes
    ----------
    place : str
        Site and tokens: ``L3H5.z @ 4 ·pineapple``.
    doing : str
        The operation with its parameters: ``noise σ=2 seed=0``.
    operation, mark : str
        Its key, for the colour, and its character.
    warning : str
        Why it is not applied, or that it changed nothing; empty where all is well.
    """

    place: str
    doing: str
    operation: str
    mark: str
    enabled: bool = True
    warning: str = ""


def plan_row(
    incision: Incision,
    positions: Sequence[int],
    tokens: Tokens | None,
    problem: str | None = None,
    unchanged: bool = False,
) -> PlanRow:
    """Return the row of an incision.

    Parameters
    ----------
    positions : sequence of int
        The tokens it means in this prompt; empty where they could not be found.
    problem : str or None
        Why it is not applied.
    unchanged : bool
        Whether it left its activation as it was.
    """
    where = positions_words(tokens, positions) if positions else str(incision.selection)
    return PlanRow(
        place=f"{incision.site} @ {where}",
        doing=operation_words(incision.operation, incision.params),
        operation=incision.operation,
        mark=operation_mark(incision.operation),
        enabled=incision.enabled,
        warning=problem or (UNCHANGED if unchanged and incision.enabled else ""),
    )


def plan_summary(rows: Sequence[PlanRow]) -> str:
    """Return how many incisions there are, and how many are off."""
    if not rows:
        return ""
    off = sum(not row.enabled for row in rows)
    return f"{len(rows)} incision" + ("s" if len(rows) > 1 else "") + (f", {off} off" if off else "")


def row_words(row: PlanRow) -> str:
    """Return a row for a screen reader."""
    parts = [row.place, row.doing, "" if row.enabled else "off", row.warning]
    return ", ".join(part for part in parts if part)


def landing(start: int, gap: int) -> int:
    """Return the index a row gets when it is dropped into a gap: before the row of that number."""
    return gap - 1 if gap > start else gap
