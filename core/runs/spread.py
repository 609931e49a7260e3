"""How far the clean residual stream spreads: what noise is sized by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.readings.fetch import fetched

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class CleanSpread:
    """Standard deviations (with Bessel's correction) of clean activations, one entry per layer.

    Attributes
    ----------
    layer : tuple of float, [n_layers + 1]
        Over all tokens and dimensions; entry 0 is the embedding, entry l + 1 after block l.
    token : tuple of tuple of float, [n_layers + 1][token]
        Over the dimensions of each token.
    """

    layer: tuple[float, ...]
    token: tuple[tuple[float, ...], ...]


def spread_of(layers: Tensor) -> CleanSpread:
    """Return the spread of activations [layer, token, width]."""
    import torch

    whole = torch.stack([layer.float().std() for layer in layers])
    whole, by_token = fetched(whole, torch.stack([layer.float().std(dim=-1) for layer in layers]))
    return CleanSpread(tuple(whole.tolist()), tuple(map(tuple, by_token.tolist())))
