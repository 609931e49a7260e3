"""Hook points: the places in a model whose activation can be changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import SurgeryError

Width = Literal["d_model", "d_head", "d_mlp", "keys", "vocab"]


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
    width : {"d_model", "d_head", "d_mlp", "keys", "vocab"}
        What the last axis of the activation [token, width] runs over; ``"d_head"`` and ``"keys"``
        are those of one head, side by side where a site names none.
    help : str
        One sentence for the user.
    per_layer : bool
        Whether a site of this kind names a layer.
    heads : {"", "query", "key_value"}
        Which heads a site may name, if any: with grouped-query attention keys and values have
        fewer heads than queries. A site that names none means all of them.
    per_neuron : bool
        Whether a site may name one neuron.
    """

    name: str
    label: str
    depth: int
    width: Width
    help: str
    per_layer: bool = True
    heads: Literal["", "query", "key_value"] = ""
    per_neuron: bool = False

    @property
    def per_head(self) -> bool:
        """Whether a site of this kind may name a head."""
        return bool(self.heads)


HOOK_POINTS = {
    point.name: point
    for point in (
        HookPoint(
            "embed", "embedding", 0, "d_model", "The input of the first block: [token, d_model].", per_layer=False
        ),
        HookPoint("resid_pre", "residual before", 1, "d_model", "The hidden state before a layer: [token, d_model]."),
        HookPoint(
            "q", "query", 2, "d_head", "One head's query as the dot product sees it: [token, d_head].", heads="query"
        ),
        HookPoint(
            "k", "key", 3, "d_head", "One head's key as the dot product sees it: [token, d_head].", heads="key_value"
        ),
        HookPoint("v", "value", 4, "d_head", "One head's value: [token, d_head].", heads="key_value"),
        HookPoint(
            "attn_scores",
            "scores",
            5,
            "keys",
            "One head's attention scores before mask and softmax: [query token, key token].",
            heads="query",
        ),
        HookPoint(
            "pattern",
            "pattern",
            6,
            "keys",
            "One head's attention pattern, after the softmax: [query token, key token].",
            heads="query",
        ),
        HookPoint(
            "z", "head", 7, "d_head", "One head's output before the output projection: [token, d_head].", heads="query"
        ),
        HookPoint(
            "attn_out",
            "attention",
            8,
            "d_model",
            "What the attention adds to the residual stream: [token, d_model].",
        ),
        HookPoint(
            "resid_mid",
            "residual between",
            9,
            "d_model",
            "The hidden state between attention and MLP: [token, d_model].",
        ),
        HookPoint(
            "mlp_pre",
            "MLP before",
            10,
            "d_mlp",
            "The MLP's neurons before their nonlinearity: [token, d_mlp].",
            per_neuron=True,
        ),
        HookPoint(
            "mlp_post",
            "MLP neurons",
            11,
            "d_mlp",
            "The MLP's neurons, input of its last projection: [token, d_mlp].",
            per_neuron=True,
        ),
        HookPoint("mlp_out", "MLP", 12, "d_model", "What the MLP adds to the residual stream: [token, d_model]."),
        HookPoint(
            "block",
            "block",
            13,
            "d_model",
            "All that a layer adds to the residual stream, resid_post - resid_pre: [token, d_model].",
        ),
        HookPoint("resid_post", "residual", 14, "d_model", "The hidden state after a layer: [token, d_model]."),
        HookPoint("logits", "logits", 15, "vocab", "The model's output: [token, vocabulary].", per_layer=False),
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
