"""Shuffle: the activation's dimensions in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.noise_size import SEED_PARAMETER, generator
from core.interventions.operation import VECTORS, Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return x [batch, token, width] with its dimensions permuted, in the same way at every token."""
    import torch

    order = torch.randperm(x.shape[-1], generator=generator(params))
    return x[..., order.to(x.device)]


OPERATION = Operation(
    key="shuffle",
    label="Shuffle",
    help="Puts the dimensions in a random order: every value and the norm stay, their meaning is lost.",
    apply=apply,
    parameters=(SEED_PARAMETER,),
    points=VECTORS,
    elsewhere="Attention put in another order would look at tokens that come later.",
    mark="π",
    order=6,
)
