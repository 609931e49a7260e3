"""A TopK sparse autoencoder: of all features only the k strongest fire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class SaeRecipe:
    """What decides an autoencoder, except its model, the seed and the budget.

    Attributes
    ----------
    features : int
        How many there are.
    k : int
        How many of them fire at a token.
    batch : int
        Tokens in a step.
    learning_rate, warmup, decay : float, int, float
        Adam's rate, over how many steps it rises, and in what last share of the budget it falls.
    dead_after : int
        After how many tokens of silence a feature counts as dead.
    """

    features: int = 1536
    k: int = 24
    batch: int = 1024
    learning_rate: float = 4e-3
    warmup: int = 100
    decay: float = 0.8
    dead_after: int = 65_536


@dataclass
class Autoencoder:
    """The weights, and what they do to activations.

    Attributes
    ----------
    encoder : Tensor, shape [d_in, feature]
    encoder_bias : Tensor, shape [feature]
    decoder : Tensor, shape [feature, d_in]
        Rows of length 1: the direction that a feature writes in.
    decoder_bias : Tensor, shape [d_in]
    k : int

    Notes
    -----
    f(x) = TopK((x - b_dec) W_enc + b_enc), negative ones set to 0, and x is about f(x) W_dec + b_dec
    (Gao et al. 2024, "Scaling and evaluating sparse autoencoders", section 2.3).
    """

    encoder: Tensor
    encoder_bias: Tensor
    decoder: Tensor
    decoder_bias: Tensor
    k: int

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """All weights."""
        return self.encoder, self.encoder_bias, self.decoder, self.decoder_bias

    def encode(self, x: Tensor) -> Tensor:
        """Return the activations [row, feature] of rows [row, d_in]: at most k in a row, none negative."""
        return top_k((x - self.decoder_bias) @ self.encoder + self.encoder_bias, self.k)

    def decode(self, activations: Tensor) -> Tensor:
        """Return the rows [row, d_in] that activations [row, feature] stand for."""
        return activations @ self.decoder + self.decoder_bias

    def scaled(self, scale: float) -> Autoencoder:
        """Return the autoencoder of activations that are ``scale`` times as large."""
        return Autoencoder(self.encoder, self.encoder_bias * scale, self.decoder, self.decoder_bias * scale, self.k)

    def rounded(self) -> Autoencoder:
        """Return it, in float32, with numbers that float16 can hold: as it is written."""
        encoder, encoder_bias, decoder, decoder_bias = (x.detach().half().float() for x in self.tensors)
        return Autoencoder(encoder, encoder_bias, decoder, decoder_bias, self.k)


def top_k(x: Tensor, k: int) -> Tensor:
    """Return pre-activations [row, feature] with the k largest of each row, where they are positive, and 0 elsewhere."""
    import torch

    values, places = x.topk(min(k, x.shape[-1]), dim=-1, sorted=False)
    return torch.zeros_like(x).scatter(-1, places, values.relu())
