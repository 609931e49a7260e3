"""Knockout: tokens no longer attend to chosen keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import Activation, Operation, Parameter, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return rows of attention x [batch, query, key] without the chosen keys.

    Their entries become 0 and the rest of the row is divided by its sum, which is what scores of
    minus infinity give; what a row lacks of 1 beyond rounding is its sink's, which keeps its score.
    A row with nothing left becomes 0, and one that lost nothing keeps its bits (attention knockout:
    Geva et al. 2023, "Dissecting recall of factual associations").
    """
    import torch

    keys = list(activation.keys)
    rest = x.float().clone()
    rest[..., keys] = 0.0
    sink = 1.0 - x.float().sum(dim=-1, keepdim=True)
    sink = torch.where(sink > 16 * torch.finfo(x.dtype).eps, sink, 0.0)
    total = rest.sum(dim=-1, keepdim=True) + sink
    shared_out = torch.where(total > 0, rest / total, 0.0)
    is_cut = (x[..., keys] != 0).any(dim=-1, keepdim=True)
    return torch.where(is_cut, shared_out.to(x.dtype), x)


OPERATION = Operation(
    key="knockout",
    label="Knockout",
    help="Cuts the chosen tokens off from some keys: they attend to the others instead.",
    apply=apply,
    parameters=(
        Parameter(
            name="keys",
            label="keys",
            help='The tokens that are no longer attended to, such as 0, 2-5, all or "a text".',
            kind="tokens",
            default="0",
        ),
    ),
    needs=frozenset({"keys"}),
    points=frozenset({"pattern"}),
    elsewhere="Edges from query to key are cut in the attention pattern.",
    describe=lambda params: f"knockout of keys {params['keys']}",
    mark="/",
    order=12,
)
