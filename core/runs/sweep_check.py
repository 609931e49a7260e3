"""How far cells in bf16 are from exact: some of them are run again, and what is found is stated beside the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.hooks import differences
from core.runs.sweep_result import Checked

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.sweep_request import SweepRequest
    from core.runs.sweep_result import SweepResult
    from core.runs.tape import Tape

FEWEST, SHARE = 16, 0.02
SEED = 0
NAMES = ("log_prob", "logit_difference", "kl", "cosine")


def why_not_bf16(loaded: LoadedModel, tape: Tape, request: SweepRequest) -> str:
    """Return why a sweep gains nothing from products of differences in bf16; empty where it does."""
    if not tape.in_batches:
        return "This model computes one run at a time, and exactly."
    if len(request.cells) <= 2 * FEWEST:
        return f"{len(request.cells)} cells are too few for bf16: to check it would take as long."
    return differences.why_not_bf16(loaded.blocks)


def cells_to_check(result: SweepResult) -> list[int]:
    """Return some cells: half of them those with the largest effects, the others drawn.

    They are 16, or 2 % of a large sweep.
    """
    count = len(result.done)
    most = min(count, max(FEWEST, round(SHARE * count)))
    if result.d_log_prob is not None:
        effects = np.abs(result.d_log_prob)
    else:
        effects = np.abs(result.cosine - result.clean_cosine).max(axis=(1, 2), initial=0.0)
    order = np.argsort(-effects, kind="stable")
    largest, others = order[: most // 2], order[most // 2 :]
    drawn = np.random.default_rng(SEED).choice(others, most - len(largest), replace=False)
    return sorted([*largest.tolist(), *drawn.tolist()])


def checked(result: SweepResult, exact: SweepResult, cells: list[int]) -> Checked:
    """Return the largest differences of some cells from what exact runs of them gave."""
    found: dict[str, float | None] = {}
    for name in NAMES:
        ours, theirs = getattr(result, name), getattr(exact, name)
        found[name] = None if ours is None or not ours.size else float(np.abs(ours[cells] - theirs[cells]).max())
    return Checked(tuple(cells), **found)
