"""Why a result says nothing about predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.runs.result import RunResult


def predictions_absent(result: RunResult) -> str:
    """Return the sentence for a result without predictions."""
    if not result.model.has_head:
        return f"{result.model.name} has no language-model head: it makes vectors, not predictions."
    if result.request.read_position is None and result.model.objective == "masked":
        return (
            f"Put {result.model.mask_token or 'the mask token'} into the prompt: the model predicts what stands there."
        )
    return "This run has no predictions to show."
