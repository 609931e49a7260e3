"""The table that says where a model family keeps its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One model family. All paths are dotted module names.

    Attributes
    ----------
    key : str
        The configuration's model_type.
    label : str
        The family's name on screen.
    objective : {"causal", "masked"}
    language_model_class, backbone_class : str
        Names in transformers of the class with the vocabulary head and of the one without.
    backbone_options : dict
        Arguments of the backbone class when it is loaded alone.
    blocks : str
        The list of blocks, below the backbone.
    attention : str
        The attention module, below a block; its second output is the pattern, when eager.
    attention_projection : str
        The output projection, below a block: its input is z of all heads side by side, its
        output is attn_out.
    mlp_projection : str
        The module, below a block, whose output is mlp_out.
    final_norm : str or None
        The norm after the last block, below the backbone; None for post-norm families.
    head : str
        From the normed residual to the logits, below the language model.
    transposed_projection : bool
        Whether weights are stored [in, out] (GPT-2's Conv1D) and not [out, in].
    post_norms : tuple of (str, str) or None
        The norms, below a block, that are applied to the sum after the attention and after the
        MLP; None where the sum itself is the residual.
    leftovers : tuple of str
        Patterns of names below the backbone that checkpoints hold and the network rightly leaves
        out: poolers, and tables that older versions of the library saved along with the weights.
    accepted : dict
        Entries of a configuration that change the mathematics, with the values that this table
        describes. What is absent or null is accepted.
    """

    key: str
    label: str
    objective: Literal["causal", "masked"]
    language_model_class: str
    backbone_class: str
    backbone_options: dict[str, Any] = field(default_factory=dict)
    blocks: str
    attention: str
    attention_projection: str
    mlp_projection: str
    final_norm: str | None
    head: str
    transposed_projection: bool = False
    post_norms: tuple[str, str] | None = None
    leftovers: tuple[str, ...] = ()
    accepted: dict[str, tuple[Any, ...]] = field(default_factory=dict)
