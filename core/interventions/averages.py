"""What mean and median share: over what an average is taken, and its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.operation import Activation, Need, Parameter, Params

if TYPE_CHECKING:
    from torch import Tensor

# From rows [..., n, width] to [..., width]: the average of each dimension.
Average = Callable[["Tensor"], "Tensor"]

OVER = Parameter(
    name="over",
    label="over",
    help="The other tokens of this prompt; the same place in the reference prompts; or one number for the whole site.",
    kind="choice",
    default="prompt",
    choices=("prompt", "references", "scalar"),
    called=("the other tokens", "reference prompts", "one number for all"),
)
NAMES = {
    "prompt": "of the other tokens",
    "references": "over the reference prompts",
    "scalar": "of all tokens and dimensions, one number",
}
NO_ROWS = "A row of attention has an entry for each key token: those of other tokens are about other keys."


def needs_for(params: Params) -> frozenset[Need]:
    """Return what is averaged over: the reference prompts, or the activation at all tokens of this one."""
    return frozenset({"references"}) if params["over"] == "references" else frozenset({"whole"})


def averaged(x: Tensor, params: Params, activation: Activation, average: Average) -> Tensor:
    """Return an average in place of x [batch, token, width], computed in float32.

    Raises
    ------
    SurgeryError
        If there is nothing to average over.
    """
    if params["over"] == "references":
        found = _over_references(activation, average)
    elif params["over"] == "prompt":
        found = _over_prompt(activation, average)
    else:
        assert activation.whole is not None, "the activation of the whole prompt is always at hand"
        found = average(activation.whole.float().flatten(1).unsqueeze(-1)).unsqueeze(1)
    return found.to(x.device, x.dtype).expand_as(x).clone()


def _over_prompt(activation: Activation, average: Average) -> Tensor:
    """Return the average [batch, 1, width] of the tokens that are not chosen."""
    whole, chosen = activation.whole, set(activation.positions)
    assert whole is not None, "the activation of the whole prompt is always at hand"
    others = [position for position in range(whole.shape[1]) if position not in chosen]
    if not others:
        raise SurgeryError(
            "All tokens of the prompt are chosen: there are no others to average over.",
            "Choose fewer tokens, or average over the reference prompts.",
        )
    return average(whole[:, others].float()).unsqueeze(1)


def _over_references(activation: Activation, average: Average) -> Tensor:
    """Return the average [token, width] of each chosen token's place in the prompts that reach it."""
    import torch

    rows = []
    for number, position in enumerate(activation.positions):
        reached = [prompt[number].float() for prompt in activation.references if len(prompt) > number]
        if not reached:
            raise SurgeryError(
                f"No reference prompt reaches token {position}.", "Give longer ones, or choose an earlier token."
            )
        rows.append(average(torch.stack(reached)))
    return torch.stack(rows)
