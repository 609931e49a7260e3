"""What has to be said beside every figure of a result: over what it is a mean, where it comes from, what stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.ops import OPERATIONS
from gui.widgets.token_words import operation_name, positions_words

if TYPE_CHECKING:
    from core.interventions.plan import Incision
    from core.runs.request import ResolvedIncision
    from core.runs.result import RunResult
    from core.sessions.session import CleanSide

NOTHING = "nothing changed"
NOT_THE_ANSWER = "the incisions changed activations but not the answer"
CORRUPTED = "“clean” = unoperated: here the corrupted prompt"
PATCHING = {"prompt": "noising", "donor": "denoising"}


def seeds_words(result: RunResult) -> str:
    """Return over how many seeds the numbers are a mean; empty for a single run."""
    return f"mean of {result.repeats} seeds, band: 95 % of them" if result.repeats > 1 else ""


def no_change_words(result: RunResult) -> str:
    """Return that incisions changed nothing, or nothing of the answer; empty where they did."""
    if not result.request.plan or (result.effect.changed and result.effect.output_changed):
        return ""
    # The logits of tokens that are not read are changed without a trace in any hidden state.
    stayed = {each.index for each in result.request.plan} <= set(result.unchanged)
    return NOT_THE_ANSWER if result.effect.changed or not stayed else NOTHING


def is_patch(incision: Incision | ResolvedIncision) -> bool:
    """Return whether an incision puts in what the counterfactual prompt has."""
    return "donor" in OPERATIONS[incision.operation].wants(dict(incision.params))


def source_words(result: RunResult, incision: ResolvedIncision) -> str:
    """Return which tokens of the counterfactual prompt a patch comes from; empty for other incisions."""
    return f"from {positions_words(result.counterfactual, incision.sources)}" if is_patch(incision) else ""


def direction_words(clean_side: CleanSide) -> str:
    """Return which way a patch goes."""
    return f"({PATCHING[clean_side]})"


def clean_words(result: RunResult, clean_side: CleanSide) -> str:
    """Return what the run called clean is where patches bring the clean activation in; else nothing."""
    return CORRUPTED if clean_side == "donor" and any(map(is_patch, result.request.plan)) else ""


def incision_words(result: RunResult, clean_side: CleanSide) -> list[str]:
    """Return for each incision whose label alone would hide what decides its numbers, what that is."""
    found = []
    for incision in result.request.plan:
        operation = OPERATIONS[incision.operation]
        remarks = [remark.text for remark in result.remarks if remark.index == incision.index]
        if remarks:
            found.append(f"{incision.site}: {operation.label.lower()} {', '.join(remarks)}")
        elif is_patch(incision):
            words = f"{operation.label.lower()} {source_words(result, incision)} {direction_words(clean_side)}"
            found.append(f"{incision.site}: {words}")
        elif operation.describe is not None:
            words = operation_name(operation, dict(incision.params), result.tokens, result.repeats)
            found.append(f"{incision.site}: {words}")
    return found


def figure_words(result: RunResult, clean_side: CleanSide = "prompt") -> str:
    """Return all of it, one line each; ``clean_side`` is that of the session."""
    lines = [
        no_change_words(result),
        seeds_words(result),
        clean_words(result, clean_side),
        *incision_words(result, clean_side),
    ]
    return "\n".join(dict.fromkeys(line for line in lines if line))
