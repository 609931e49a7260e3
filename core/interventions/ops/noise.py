"""Noise: seeded Gaussian noise, sized by the layer's clean hidden state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import VECTORS, Activation, Operation, Parameter, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return x + e, with e ~ N(0, (sigma * std)^2), for x of shape [batch, token, width].

    The draw is ``torch.randn(token, width)`` in float32 from a CPU generator seeded with
    ``seed``, whatever the device, so that it is the same to the bit everywhere.
    """
    import torch

    generator = torch.Generator().manual_seed(int(params["seed"]))
    drawn = torch.randn(x.shape[-2], x.shape[-1], generator=generator)
    if params["std"] == "token":
        size = torch.tensor(activation.token_std).unsqueeze(-1)
    else:
        size = torch.tensor(activation.layer_std)
    return x + (drawn * size * float(params["sigma"])).to(x.device, x.dtype)


OPERATION = Operation(
    key="noise",
    label="Noise",
    help="Adds Gaussian noise of sigma times the standard deviation of the layer's clean hidden state.",
    apply=apply,
    parameters=(
        Parameter(
            name="sigma",
            label="noise σ",
            help="Noise strength, in standard deviations of the layer's clean hidden state.",
            kind="float",
            default=1.0,
            minimum=0.0,
            shown=(0.0, 4.0),
            is_dose=True,
        ),
        Parameter(
            name="seed",
            label="seed",
            help="Decides the draw: the same seed gives the same noise.",
            kind="int",
            default=0,
            minimum=0,
            maximum=2**31 - 1,
        ),
        Parameter(
            name="std",
            label="measured over",
            help="The whole hidden state of the layer, or each token's own.",
            kind="choice",
            default="layer",
            choices=("layer", "token"),
        ),
    ),
    needs=frozenset({"spread"}),
    points=VECTORS,
    elsewhere="Its size is that of hidden states, which says nothing about attention.",
    identity={"sigma": 0.0, "seed": 0, "std": "layer"},
    mark="~",
    order=2,
)
