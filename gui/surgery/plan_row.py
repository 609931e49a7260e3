"""A row of the plan list in words. Pure, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gui.surgery.incision_words import operation_mark, operation_words
from gui.widgets.token_words import positions_words

if TYPE_CHECKING:
    from core.interventions.plan import Incision
    from core.text.tokens import Tokens

UNCHANGED = "left its activation as it was"
UNANSWERED = "did not change the answer"
UNANSWERED_TOGETHER = "all together did not change the answer"
TO = "\N{RIGHTWARDS ARROW}"


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
    remark : str
        What should stand beside its figures.
    receiver : str
        The only site that its change is carried to; empty where it spreads.
    carries : bool
        Whether anything comes after its site that a change could be carried to.
    """

    place: str
    doing: str
    operation: str
    mark: str
    enabled: bool = True
    warning: str = ""
    remark: str = ""
    receiver: str = ""
    carries: bool = True


def plan_row(
    incision: Incision,
    positions: Sequence[int],
    tokens: Tokens | None,
    problem: str | None = None,
    told: str = "",
    remarks: Sequence[str] = (),
    *,
    seeds: int = 1,
    patched: str = "",
) -> PlanRow:
    """Return the row of an incision.

    Parameters
    ----------
    positions : sequence of int
        The tokens it means in this prompt; empty where they could not be found.
    problem : str or None
        Why it is not applied.
    told : str
        What the last run says against it, such as that it changed nothing.
    remarks : sequence of str
        What the last run says that its figures depend on.
    seeds : int
        Over how many a random operation is run.
    patched : str
        Where a patch comes from and which way it goes.
    """
    where = positions_words(tokens, positions) if positions else str(incision.selection)
    return PlanRow(
        place=f"{incision.site} @ {where}",
        doing=f"{operation_words(incision.operation, incision.params, tokens, seeds)} {patched}".strip(),
        operation=incision.operation,
        mark=operation_mark(incision.operation),
        enabled=incision.enabled,
        warning=problem or (told if incision.enabled else ""),
        remark="; ".join(remarks) if incision.enabled else "",
        receiver="" if incision.receiver is None else str(incision.receiver),
        carries=incision.site.hook_point != "logits",
    )


def plan_summary(rows: Sequence[PlanRow]) -> str:
    """Return how many incisions there are, and how many are off."""
    if not rows:
        return ""
    off = sum(not row.enabled for row in rows)
    return f"{len(rows)} incision" + ("s" if len(rows) > 1 else "") + (f", {off} off" if off else "")


def row_words(row: PlanRow) -> str:
    """Return a row for a screen reader."""
    carried = f"{TO} {row.receiver}" if row.receiver else ""
    parts = [row.place, carried, row.doing, "" if row.enabled else "off", row.warning, row.remark]
    return ", ".join(part for part in parts if part)


def landing(start: int, gap: int) -> int:
    """Return the index a row gets when it is dropped into a gap: before the row of that number."""
    return gap - 1 if gap > start else gap
