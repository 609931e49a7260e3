"""Median: the activation becomes the middle of natural ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.averages import NAMES, NO_ROWS, OVER, averaged, needs_for
from core.interventions.operation import VECTORS, Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return the median in place of x [batch, token, width], taken over what `mean` is taken over."""
    return averaged(x, params, activation, _median)


def _median(rows: Tensor) -> Tensor:
    """Return the middle of each dimension of rows [..., n, width]; of an even number the middle two's mean."""
    count = rows.shape[-2]
    ordered = rows.sort(dim=-2).values
    middle: Tensor = (ordered[..., (count - 1) // 2, :] + ordered[..., count // 2, :]) / 2
    return middle


OPERATION = Operation(
    key="median",
    label="Median",
    help="Sets each dimension to a median: like the mean, but a few huge values do not move it.",
    apply=apply,
    parameters=(OVER,),
    needs_for=needs_for,
    points=VECTORS,
    elsewhere=NO_ROWS,
    describe=lambda params: f"median {NAMES[str(params['over'])]}",
    mark="½",
    order=5,
)
