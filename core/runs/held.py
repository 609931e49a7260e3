"""Incisions that go on over the tokens a model makes itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.interventions.ops import OPERATIONS
from core.runs.average import reseeded
from core.runs.compile import Change, site_columns

if TYPE_CHECKING:
    from torch import Tensor

    from core.runs.request import ResolvedIncision

# What these put in was gathered for tokens of the prompt; a new token has no counterpart.
BOUND_TO_THE_PROMPT = {"donor", "references", "transplant"}


def can_hold(incision: ResolvedIncision) -> bool:
    """Return whether an incision can be made at tokens that were not in the prompt."""
    wants = OPERATIONS[incision.operation].wants(dict(incision.params))
    return incision.receiver is None and not wants & BOUND_TO_THE_PROMPT


class Held:
    """One incision over the prompt and then, if it holds, over every new token.

    Parameters
    ----------
    change : Change
        The incision in the prompt.
    hold : bool
        Whether it is made at new tokens too, whatever tokens of the prompt it was made at.
    """

    def __init__(self, change: Change, hold: bool) -> None:
        self._change = change
        self._hold = hold and can_hold(change.incision)
        self._prompt: Tensor | None = None
        self._made = 0

    def __call__(self, x: Tensor) -> Tensor | None:
        """Return the activation [1, token, width] to go on with: of the prompt first, then of each new token."""
        if self._prompt is None:
            self._prompt = x.clone()
            return self._change(x)
        if not self._hold:
            return None
        self._made += 1
        return self._at_new_token(x)

    def _at_new_token(self, x: Tensor) -> Tensor:
        import torch

        change = self._change
        # Another draw for each token: the same noise all along would be a direction.
        incision = reseeded((change.incision,), self._made)[0]
        operation, site = OPERATIONS[incision.operation], incision.site
        changed = x.clone()
        assert self._prompt is not None
        for columns in site_columns(site, change.info, x.shape[-1]):
            new = x[:, :, columns]
            known = replace(change.known, token_std=(change.known.layer_std,), whole=None, positions=(0,))
            if site.point.width != "keys":
                whole = torch.cat([self._prompt[:, :, columns], new], dim=1)
                known = replace(known, whole=whole, positions=(whole.shape[1] - 1,))
            changed[:, :, columns] = operation.apply(new, dict(incision.params), known).to(x.dtype)
        return changed
