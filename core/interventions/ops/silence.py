"""Silence: the activation becomes zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return zeros of the shape of x [batch, token, width]."""
    return x.new_zeros(x.shape)


OPERATION = Operation(
    key="silence",
    label="Silence",
    help="Sets the activation to zero: what would the model say had this part said nothing?",
    apply=apply,
    mark="×",
    order=0,
)
