"""Transplant: the hidden state of another model on the same text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.interventions.operation import Activation, Operation, Parameter, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return the donor's hidden state, already mapped to this width, in place of x [batch, token, width]."""
    donor = activation.donor
    assert donor is not None, "an operation that needs a transplant is given one"
    return donor.to(x.device, x.dtype).expand_as(x).clone()


def _describe(params: Params) -> str:
    layer = int(params["layer"])
    return "transplant of the donor's " + ("embedding" if layer < 0 else f"layer {layer}")


OPERATION = Operation(
    key="transplant",
    label="Transplant",
    help="Puts in the hidden state that another model has on the same text.",
    apply=apply,
    parameters=(
        Parameter(
            name="layer",
            label="donor's layer",
            help="The donor's hidden state after this layer; -1 is its embedding.",
            kind="int",
            default=0,
            minimum=-1,
            maximum=10**6,
        ),
        Parameter(
            name="map",
            label="map",
            help="How the donor's dimensions become this model's: auto takes none where widths are equal, "
            "else a rotation fitted on shared tokens.",
            kind="choice",
            default="auto",
            choices=("auto", "none", "procrustes", "least_squares"),
            called=("automatic", "none", "rotation (Procrustes)", "least squares"),
        ),
    ),
    needs=frozenset({"transplant"}),
    points=frozenset({"embed", "resid_pre", "resid_post"}),
    elsewhere="What is transplanted is a hidden state between two layers.",
    describe=_describe,
    mark="T",
    order=9,
)
