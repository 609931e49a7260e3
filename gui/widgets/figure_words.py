"""What has to be said beside every figure of a result: over what it is a mean, where it comes from, what stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.ops import OPERATIONS

if TYPE_CHECKING:
    from core.runs.result import RunResult

NOTHING = "nothing changed"
NOT_THE_ANSWER = "the incisions changed activations but not the answer"


def seeds_words(result: RunResult) -> str:
    """Return over how many seeds the numbers are a mean; empty for a single run."""
    return f"mean and 95 % of {result.repeats} seeds" if result.repeats > 1 else ""


def no_change_words(result: RunResult) -> str:
    """Return that incisions changed nothing, or nothing of the answer; empty where they did."""
    if not result.request.plan or (result.effect.changed and result.effect.output_changed):
        return ""
    # The logits of tokens that are not read are changed without a trace in any hidden state.
    stayed = {each.index for each in result.request.plan} <= set(result.unchanged)
    return NOT_THE_ANSWER if result.effect.changed or not stayed else NOTHING


def incision_words(result: RunResult) -> list[str]:
    """Return for each incision whose label alone would hide what decides its numbers, what that is."""
    found = []
    for incision in result.request.plan:
        operation = OPERATIONS[incision.operation]
        remarks = [remark.text for remark in result.remarks if remark.index == incision.index]
        if remarks:
            found.append(f"{incision.site}: {operation.label.lower()} {', '.join(remarks)}")
        elif operation.describe is not None:
            found.append(f"{incision.site}: {operation.name_with(dict(incision.params))}")
    return found


def figure_words(result: RunResult) -> str:
    """Return all of it, one line each."""
    lines = [no_change_words(result), seeds_words(result), *incision_words(result)]
    return "\n".join(dict.fromkeys(line for line in lines if line))
