"""What the kinds of noise share: parameters, and how large they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import N_SEEDS, SEED, Activation, Parameter, Params
from core.interventions.plan import ParamValue

if TYPE_CHECKING:
    from torch import Generator, Tensor

SEED_PARAMETER = Parameter(
    name=SEED,
    label="seed",
    help="Decides the draw: the same seed gives the same one.",
    kind="int",
    default=0,
    minimum=0,
    maximum=N_SEEDS - 1,
)
PARAMETERS = (
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
    SEED_PARAMETER,
    Parameter(
        name="std",
        label="measured over",
        help="The whole hidden state of the layer, or each token's own.",
        kind="choice",
        default="layer",
        choices=("layer", "token"),
        called=("σ per layer", "σ per token"),
    ),
)
IDENTITY: dict[str, ParamValue] = {"sigma": 0.0, "seed": 0, "std": "layer"}
NOT_FOR_ATTENTION = "Its size is that of hidden states, which says nothing about attention."


def generator(params: Params) -> Generator:
    """Return a generator on the CPU seeded with ``seed``: the same to the bit whatever the device."""
    import torch

    return torch.Generator().manual_seed(int(params[SEED]))


def with_noise(x: Tensor, drawn: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return x + sigma * std * drawn.

    Parameters
    ----------
    x : Tensor, shape [batch, token, width]
    drawn : Tensor, shape [token, width] or [batch, token, width]
        Of standard deviation 1.
    """
    import torch

    if params["std"] == "token":
        size = torch.tensor(activation.token_std).unsqueeze(-1)
    else:
        size = torch.tensor(activation.layer_std)
    return x + (drawn * size * float(params["sigma"])).to(x.device, x.dtype)
