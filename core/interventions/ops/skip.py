"""Skip: a block or half of one adds nothing to the residual stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return zeros of the shape of x [batch, token, width]: nothing is added."""
    return x.new_zeros(x.shape)


OPERATION = Operation(
    key="skip",
    label="Skip",
    help="Adds nothing to the residual stream: the hidden state goes past as it is.",
    apply=apply,
    points=frozenset({"attn_out", "mlp_out", "block"}),
    elsewhere="Only what is added to the residual stream can be skipped.",
    mark="»",
    order=10,
)
