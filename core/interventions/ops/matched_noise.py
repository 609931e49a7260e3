"""Matched noise: seeded noise with the activation's own distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.noise_size import IDENTITY, NOT_FOR_ATTENTION, PARAMETERS, generator, with_noise
from core.interventions.operation import VECTORS, Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return x + sigma * std * e, for x of shape [batch, token, width].

    e is a bootstrap: drawn with replacement from all values of the site, over tokens and
    dimensions, less their mean and divided by their standard deviation (Efron 1979, "Bootstrap
    methods: another look at the jackknife"). Which values are drawn is the same in every row of
    the batch. A site of one value has nothing to draw: it stays as it is.
    """
    import torch

    assert activation.whole is not None, "the activation of the whole prompt is always at hand"
    # On the CPU and in float64, so that it is the same to the bit on every device.
    values = activation.whole.cpu().double().flatten(1)
    values = values - values.mean(dim=1, keepdim=True)
    tiny = torch.finfo(torch.float64).tiny
    values = values / values.std(dim=1, correction=0, keepdim=True).clamp_min(tiny)
    picked = torch.randint(values.shape[1], (x.shape[-2], x.shape[-1]), generator=generator(params))
    return with_noise(x, values[:, picked].float(), params, activation)


OPERATION = Operation(
    key="matched_noise",
    label="Matched noise",
    help="Adds noise of the activation's own distribution: real activations have longer tails than a Gaussian.",
    apply=apply,
    parameters=PARAMETERS,
    needs=frozenset({"spread", "whole"}),
    points=VECTORS,
    elsewhere=NOT_FOR_ATTENTION,
    identity=IDENTITY,
    mark="≈",
    order=3,
)
