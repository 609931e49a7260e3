"""Scale: the activation times k."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import Activation, Operation, Parameter, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return k times x [batch, token, width]."""
    return x * float(params["k"])


OPERATION = Operation(
    key="scale",
    label="Scale",
    help="Multiplies the activation by k: 0 silences, 1 changes nothing, -1 turns it round.",
    apply=apply,
    parameters=(
        Parameter(
            name="k",
            label="factor k",
            help="What the activation is multiplied by.",
            kind="float",
            default=0.5,
            shown=(-2.0, 3.0),
            is_dose=True,
        ),
    ),
    identity={"k": 1.0},
    mark="k",
    order=1,
)
