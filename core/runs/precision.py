"""How far a model in half precision is from itself in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.runs.events import Precision
from core.runs.self_check import check_ids
from core.runs.trace import trace, unembed

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel


def precision_of(half: LoadedModel, exact: LoadedModel, cancel: CancelToken) -> Precision:
    """Compare a model with the same checkpoint in float32, on the tokens of the self-check.

    Parameters
    ----------
    half, exact : LoadedModel

    Notes
    -----
    Both weights and arithmetic differ: each model is loaded from the checkpoint in its own format.
    The log-probabilities are compared at every token and position, the residual vectors after the
    embedding and after every block.

    Raises
    ------
    Cancelled
        If the token was set.
    """
    info = half.info
    ids = check_ids(info)
    residuals = [trace(loaded, ids, (), cancel).residuals for loaded in (half, exact)]
    ours, reference = (each.double().cpu() for each in residuals)
    # A vector of no length in both is no difference.
    residual = float(((ours - reference).norm(dim=-1) / reference.norm(dim=-1).clamp_min(1e-30)).max())
    if not info.has_head:
        return Precision(dtype=info.dtype, residual=residual)
    predicted, expected = (
        unembed(loaded, each[-1]).log_softmax(dim=-1) for loaded, each in zip((half, exact), residuals, strict=True)
    )
    kl = float((expected[-1].exp() * (expected[-1] - predicted[-1])).sum())
    return Precision(
        dtype=info.dtype, log_prob=float((predicted - expected).abs().max()), residual=residual, kl=max(kl, 0.0)
    )
