"""The end of a model as a linear map: final norm with the scale of one run, then the unembedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.loaded_model import LoadedModel

# So large that the small number a norm adds to the variance is none beside it.
LARGE = 100.0
CLOSE = 1e-3
OTHER_END = "The model does not end in a norm and one matrix, so what a head itself adds to a logit cannot be told."


def why_not_linear(loaded: LoadedModel) -> str | None:
    """Return why what a head adds does not simply add up to the logits, or None if it does."""
    table = loaded.architecture
    scaled = any(getattr(loaded.network.config, entry, None) is not None for _, entry in table.logit_scaling)
    if table.post_norms is not None or table.attention_output is not None:
        return "The model norms what its heads add, so it does not simply add up to a logit."
    if not loaded.info.has_head or table.final_norm is None or len(table.head) != 1 or scaled:
        return OTHER_END
    weight = getattr(loaded.head_parts[0], "weight", None)
    if weight is None or weight.shape[-1] != loaded.info.d_model:
        return OTHER_END
    return None


@dataclass(frozen=True)
class FrozenEnd:
    """The final norm, as found by trying, and the unembedding.

    Attributes
    ----------
    gain : Tensor, shape [d_model]
        What the norm multiplies each dimension by.
    centred : bool
        Whether it takes the mean off first.
    unembedding : Tensor, shape [vocab, d_model]
    """

    gain: Tensor
    centred: bool
    unembedding: Tensor

    def written(self, x: Tensor) -> Tensor:
        """Return what vectors [..., d_model] write, up to the scale: centred where the norm does so, times its gain."""
        return (x - x.mean(dim=-1, keepdim=True) if self.centred else x) * self.gain

    def scale(self, residual: Tensor) -> Tensor:
        """Return what the norm divides residuals [..., d_model] by."""
        x = residual - residual.mean(dim=-1, keepdim=True) if self.centred else residual
        return x.pow(2).mean(dim=-1).sqrt()


def frozen_end(loaded: LoadedModel) -> FrozenEnd | None:
    """Return the end of a model, or None where its final norm is none of the two usual ones.

    Notes
    -----
    LayerNorm is ``gain * (x - mean) / sqrt(var) + bias`` and RMSNorm ``gain * x / sqrt(mean(x²))``. Of a
    vector of ones with alternating signs both give ``gain`` with those signs; one that is moved as a
    whole LayerNorm does not tell from it.
    """
    import torch

    norm = loaded.final_norm
    assert norm is not None
    unembedding: Tensor = loaded.head_parts[0].weight  # type: ignore[assignment]
    with torch.inference_mode():
        signs = torch.ones(loaded.info.d_model, device=unembedding.device, dtype=unembedding.dtype)
        signs[1::2] = -1
        bias = norm(torch.zeros_like(signs))
        gain = (norm(signs * LARGE) - bias) * signs
        moved = norm((signs + 1) * LARGE) - bias
        centred = torch.allclose(moved, gain * signs, atol=CLOSE, rtol=CLOSE)
        end = FrozenEnd(gain.float(), centred, unembedding.float())
        x = torch.linspace(-1, 2, loaded.info.d_model, device=signs.device).roll(7).pow(3) * LARGE
        wanted = (norm(x.to(signs.dtype)) - bias).float()
        found = end.written(x) / end.scale(x)
    return end if torch.allclose(wanted, found, atol=CLOSE, rtol=CLOSE) else None
