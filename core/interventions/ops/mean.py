"""Mean: the activation becomes an average of natural ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.averages import NAMES, NO_ROWS, OVER, averaged, needs_for
from core.interventions.operation import VECTORS, Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return the mean in place of x [batch, token, width].

    Over ``"prompt"`` each dimension's mean over the tokens that are not chosen; over
    ``"references"`` its mean over the reference prompts at the same position; ``"scalar"`` is one
    number, the mean over all tokens and dimensions of the site.
    """
    return averaged(x, params, activation, lambda rows: rows.mean(dim=-2))


OPERATION = Operation(
    key="mean",
    label="Mean",
    help="Sets the activation to a mean: it keeps what is usual here and loses what is particular to the token.",
    apply=apply,
    parameters=(OVER,),
    needs_for=needs_for,
    points=VECTORS,
    elsewhere=NO_ROWS,
    describe=lambda params: f"mean {NAMES[str(params['over'])]}",
    mark="μ",
    order=4,
)
