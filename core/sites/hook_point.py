"""Hook points: the places in a block whose activation can be changed."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import SurgeryError


@dataclass(frozen=True)
class HookPoint:
    """One kind of place, named as in TransformerLens.

    Attributes
    ----------
    name : str
        The name in the CUT notation.
    label : str
        The name on screen.
    depth : int
        Order within a block, so that a plan is applied in model order.
    per_layer, per_head : bool
        Whether a site of this kind names a layer, and a head.
    help : str
        One sentence for the user.
    """

    name: str
    label: str
    depth: int
    per_layer: bool
    per_head: bool
    help: str


HOOK_POINTS = {
    point.name: point
    for point in (
        HookPoint("embed", "embedding", 0, False, False, "The input of the first block: [token, d_model]."),
        HookPoint("z", "head", 1, True, True, "One head's output before the output projection: [token, d_head]."),
        HookPoint(
            "attn_out", "attention", 2, True, False, "What the attention adds to the residual stream: [token, d_model]."
        ),
        HookPoint("mlp_out", "MLP", 3, True, False, "What the MLP adds to the residual stream: [token, d_model]."),
        HookPoint(
            "block",
            "block",
            4,
            True,
            False,
            "All that a layer adds to the residual stream, resid_post - resid_pre: [token, d_model].",
        ),
        HookPoint("resid_post", "residual", 5, True, False, "The hidden state after a layer: [token, d_model]."),
    )
}


def hook_point(name: str) -> HookPoint:
    """Return the hook point of that name.

    Raises
    ------
    SurgeryError
        If there is none.
    """
    if name not in HOOK_POINTS:
        raise SurgeryError(f"There is no hook point {name!r}.", f"Choose one of {', '.join(HOOK_POINTS)}.")
    return HOOK_POINTS[name]
