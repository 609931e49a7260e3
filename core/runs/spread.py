"""How far the clean residual stream spreads: what noise is sized by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CleanSpread:
    """Standard deviations (with Bessel's correction) of the clean residual stream.

    Attributes
    ----------
    layer : tuple of float, [n_layers + 1]
        Over all tokens and dimensions; entry 0 is the embedding, entry l + 1 after block l.
    token : tuple of tuple of float, [n_layers + 1][token]
        Over the dimensions of each token.
    """

    layer: tuple[float, ...]
    token: tuple[tuple[float, ...], ...]
