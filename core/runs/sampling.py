"""Choosing the next token."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from core.runs.generation import Generation


def choose(logits: Tensor, settings: Generation, number: float) -> int:
    """Return the token that is taken.

    Parameters
    ----------
    logits : Tensor, shape [vocab]
        Float64 on the CPU.
    settings : Generation
    number : float
        From 0 to 1: which place of the cumulative distribution is taken, likeliest first. Two runs
        that are given the same number differ by their distributions and not by luck.

    Notes
    -----
    Nucleus sampling: Holtzman et al. 2020, "The curious case of neural text degeneration"; the
    token that passes the share ``top_p`` is still a candidate.
    """
    if settings.temperature == 0:
        return int(logits.argmax())
    ordered, ids = logits.sort(descending=True, stable=True)
    # From the likeliest down: a quotient by a temperature near 0 must not overflow.
    probs = ((ordered - ordered[0]) / settings.temperature).softmax(dim=-1)
    if settings.top_k:
        probs[settings.top_k :] = 0
    probs[probs.cumsum(dim=-1) - probs >= settings.top_p * probs.sum()] = 0
    cumulative = probs.cumsum(dim=-1)
    place = int((cumulative <= number * cumulative[-1]).sum())
    return int(ids[min(place, int((probs > 0).sum()) - 1)])
