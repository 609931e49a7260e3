"""Patch: the activation of the same site in the counterfactual prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.operation import Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return the donor's activation in place of x [batch, token, width].

    Raises
    ------
    SurgeryError
        If the donor's rows of attention are about another number of keys.
    """
    donor = activation.donor
    assert donor is not None, "an operation that needs a donor is given one"
    if donor.shape[-1] != x.shape[-1]:
        raise SurgeryError(
            f"The counterfactual prompt has {donor.shape[-1]} key tokens, this one {x.shape[-1]}: "
            "a row of its attention does not fit.",
            "Give prompts of the same number of tokens, or patch another hook point.",
        )
    return donor.to(x.device, x.dtype).expand_as(x).clone()


OPERATION = Operation(
    key="patch",
    label="Patch",
    help="Puts in the activation that the same site has in the counterfactual prompt.",
    apply=apply,
    needs=frozenset({"donor"}),
    mark="P",
    order=7,
)
