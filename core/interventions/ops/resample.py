"""Resample: the activation of the same site in a reference prompt picked at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.averages import NO_ROWS
from core.interventions.noise_size import SEED_PARAMETER, generator
from core.interventions.operation import VECTORS, Activation, Operation, Params

if TYPE_CHECKING:
    from torch import Tensor


def apply(x: Tensor, params: Params, activation: Activation) -> Tensor:
    """Return one reference prompt's activation in place of x [batch, token, width].

    The seed picks one prompt for all chosen tokens, among those long enough for the last of them,
    in their order: ``torch.randint`` on the CPU (resample ablation: Chan et al. 2022, "Causal
    scrubbing").

    Raises
    ------
    SurgeryError
        If no reference prompt is long enough.
    """
    import torch

    count = x.shape[-2]
    eligible = [prompt for prompt in activation.references if len(prompt) == count]
    if not eligible:
        raise SurgeryError(
            f"No reference prompt reaches token {max(activation.positions)}.",
            "Give longer ones, or choose an earlier token.",
        )
    picked = eligible[int(torch.randint(len(eligible), (1,), generator=generator(params)))]
    return picked.to(x.device, x.dtype).expand_as(x).clone()


OPERATION = Operation(
    key="resample",
    label="Resample",
    help="Puts in the activation that the same place has in one of the reference prompts, picked at random.",
    apply=apply,
    parameters=(SEED_PARAMETER,),
    needs=frozenset({"references"}),
    points=VECTORS,
    elsewhere=NO_ROWS,
    mark="R",
    order=8,
)
