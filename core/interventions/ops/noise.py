"""Noise: seeded Gaussian noise, sized by the layer's clean hidden state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.noise_size import IDENTITY, NOT_FOR_ATTENTION, PARAMETERS, generator, with_noise
from core.interventions.operation import VECTORS, Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return x + e, with e ~ N(0, (sigma * std)^2), for x of shape [batch, token, width].

    The draw is ``torch.randn(token, width)`` in float32 from a CPU generator seeded with
    ``seed``, whatever the device, so that it is the same to the bit everywhere.
    """
    import torch

    return with_noise(x, torch.randn(x.shape[-2], x.shape[-1], generator=generator(params)), params, activation)


OPERATION = Operation(
    key="noise",
    label="Noise",
    help="Adds Gaussian noise of sigma times the standard deviation of the layer's clean hidden state.",
    apply=apply,
    parameters=PARAMETERS,
    needs=frozenset({"spread"}),
    points=VECTORS,
    elsewhere=NOT_FOR_ATTENTION,
    identity=IDENTITY,
    mark="~",
    order=2,
)
