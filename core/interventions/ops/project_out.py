"""Project out: the activation without its part along one direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.direction_form import parse_direction
from core.interventions.operation import STREAM, Activation, Operation, Parameter, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return x - (x . v) v for the unit vector v, for x of shape [batch, token, width].

    Computed in float32 (directional ablation: Arditi et al. 2024, "Refusal in language models is
    mediated by a single direction").
    """
    assert activation.direction is not None, "an operation that needs a direction is given one"
    v = activation.direction.to(x.device).float()
    along = (x.float() @ v).unsqueeze(-1)
    return (x.float() - along * v).to(x.dtype)


OPERATION = Operation(
    key="project_out",
    label="Project out",
    help="Takes away the part along one direction: what the activation says in it, and nothing else.",
    apply=apply,
    parameters=(
        Parameter(
            name="v",
            label="direction v",
            help='" he" or " he"-" she" (unembedding), pca1, donor (mean difference), random7, feature7 (of a sparse '
            "autoencoder), or file:PATH.npy.",
            kind="text",
            default="pca1",
            parse=parse_direction,
        ),
    ),
    needs=frozenset({"direction"}),
    points=STREAM,
    elsewhere="Directions are those of the residual stream.",
    reseed=lambda params, number: {"v": str(parse_direction(str(params["v"])).reseeded(number))},
    describe=lambda params: parse_direction(str(params["v"])).words,
    mark="⊥",
    order=11,
)
