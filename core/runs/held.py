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
KEPT_BY_THE_MODEL = ("k", "v")


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
        self._changed: Tensor | None = None
        self._made = 0

    def __call__(self, x: Tensor) -> Tensor | None:
        """Return the activation [1, token, width] to go on with: of the prompt first, then of each new token.

        Keys and values come with those of all tokens before, which the model keeps as they were
        before the incision; or, in a family with attention of its own, alone: it keeps them changed.
        """
        if self._prompt is None:
            self._prompt, self._changed = x.clone(), self._change(x)
            return self._changed
        self._made += 1
        if self._change.site.hook_point in KEPT_BY_THE_MODEL:
            return self._with_those_before(x)
        return self._at_new_token(x) if self._hold else None

    def _with_those_before(self, x: Tensor) -> Tensor:
        import torch

        new = x[:, -1:]
        assert self._changed is not None
        self._changed = torch.cat([self._changed, self._at_new_token(new) if self._hold else new], dim=1)
        # A sliding window has let the first ones go.
        return self._changed[:, -x.shape[1] :]

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
            # Its own spread would be that of a clean hidden state that there is none of.
            known = replace(change.known, token_std=(change.known.layer_std,), whole=None, positions=(0,))
            if site.point.width == "keys":
                known = replace(known, keys=self._keys_in_reach(new.shape[-1]))
            else:
                whole = torch.cat([self._prompt[:, :, columns], new], dim=1)
                known = replace(known, whole=whole, positions=(whole.shape[1] - 1,))
            changed[:, :, columns] = operation.apply(new, dict(incision.params), known).to(x.dtype)
        return changed

    def _keys_in_reach(self, n_keys: int) -> tuple[int, ...]:
        """Return where the operation's key tokens stand among those kept; a sliding window lets the first ones go."""
        assert self._prompt is not None
        gone = self._prompt.shape[1] + self._made - n_keys
        return tuple(key - gone for key in self._change.known.keys if key >= gone)
