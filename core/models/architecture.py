"""The table that says where a model family keeps its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Config = Mapping[str, Any]
ROTATED = "{} rotates queries and keys after their projection, in code of its own, which hides them."


@dataclass(frozen=True, kw_only=True)
class OwnPart:
    """Where the queries, keys or values of a family with attention of its own leave a projection.

    What the projection gives is viewed as [group, slot, width]: the slots of one part, group after
    group, are all heads side by side. It is what the attention goes on with, unchanged.

    Attributes
    ----------
    path : str
        The projection, below a block.
    groups : int or None
        None for one per key-value head: its queries, its key and its value, each in a slot.
    slots : int
        How many a group has, where their number does not follow from the heads.
    first, end : int
        Which slots of each group are the part's, as in a slice.
    """

    path: str
    groups: int | None = 1
    slots: int = 1
    first: int = 0
    end: int | None = None


def fused_by_head(path: str) -> dict[str, OwnPart]:
    """Return where q, k and v are in a projection that gives them for one key-value head after the other."""
    slots = {"q": (0, -2), "k": (-2, -1), "v": (-1, None)}
    return {name: OwnPart(path=path, groups=None, first=first, end=end) for name, (first, end) in slots.items()}


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
    language_model_class : str or None
        Name in transformers of the class with the vocabulary head; None for a family that is
        used without one.
    backbone_class : str
        Name of the class without it.
    backbone_options : dict
        Arguments of the backbone class when it is loaded alone.
    blocks : str
        The list of blocks, below the backbone.
    shared_block : str or None
        For families whose layers share their weights: below each entry of ``blocks``, the module
        that is called once for every layer of its group. None where each layer has its own.
    attention : str
        The module, below a block, that computes q, k, v and the pattern.
    attention_projection : str
        The output projection, below a block: its input is z of all heads side by side.
    attention_output : str or None
        The module, below a block, whose output is attn_out, where that is not the projection:
        a norm that is applied to it before it is added.
    mlp_reads : str or None
        The module, below a block, that the residual between attention and MLP goes into on its way to
        the MLP: a norm, or the MLP itself. None where there is no resid_mid, where ``post_norms`` hold
        it, and where no module was found.
    mlp_pre : str or None
        The module, below a block, whose output is mlp_pre; None where there is no such thing.
    mlp_pre_half : {"whole", "first", "second"}
        Which part of that output is mlp_pre, where it holds the gate and the value side by side.
    mlp_projection : str or None
        The MLP's last projection, below a block: its input is mlp_post; None where there is no
        single one (mixtures of experts).
    mlp_output : str or None
        The module, below a block, whose output is mlp_out, where that is not the projection.
    parallel : bool
        Whether attention and MLP read the same residual, so that there is no resid_mid.
    final_norm : str or None
        The norm after the last block, below the backbone; None for post-norm families.
    head : tuple of str
        From the normed residual to the logits: modules below the language model, one after the
        other. Empty for a family without a head.
    logit_scaling : tuple of ({"times", "over", "cap"}, str)
        What happens to the head's answer, in order: multiplied or divided by an entry of the
        configuration, or capped as ``c * tanh(x / c)``. Entries that are absent or null are skipped.
    residual_multiplier : str or None
        Entry of the configuration that attn_out and mlp_out are multiplied by when they are added.
    transposed_projection : bool
        Whether weights are stored [in, out] (GPT-2's Conv1D) and not [out, in].
    post_norms : tuple of (str, str) or None
        The norms, below a block, that are applied to the sum after the attention and after the
        MLP; None where the sum itself is the residual.
    own_attention : bool
        Whether the family computes its attention in code of its own, so that the scores cannot be
        reached; z can.
    own_parts : dict of {"q", "k", "v"} to OwnPart or str
        For these: where they are nevertheless what a module gives, or else why not, with ``{}`` for
        the family's label.
    pattern : str or None
        For these: the dropout, below a block, whose input is the pattern; None where there is none.
    context : tuple of str
        Entries of the configuration that may give the longest prompt, tried in order.
    positions_after_padding : bool
        Whether positions are counted on from the padding token's id, as in RoBERTa: the first
        token is at pad_token_id + 1, and the context is so much shorter than the table.
    notes : tuple of str
        What else the user should know of sites in this family, in whole sentences; what follows
        from the entries above is told by `structure`.
    leftovers : tuple of str
        Patterns of names below the backbone that checkpoints hold and the network rightly leaves
        out: poolers, and tables that older versions of the library saved along with the weights.
    accepted : dict
        Entries of a configuration that change the mathematics, with the values that this table
        describes; ``a.b`` is the entry b of its part a. What is absent or null is accepted.
    adapt : callable or None
        ``adapt(table, config)`` returns the table of one variant of the family.
    detected : bool
        Whether the table was found by looking at a network, and not written by a person.
    """

    key: str
    label: str
    objective: Literal["causal", "masked"]
    language_model_class: str | None
    backbone_class: str
    backbone_options: dict[str, Any] = field(default_factory=dict)
    blocks: str
    shared_block: str | None = None
    attention: str
    attention_projection: str
    attention_output: str | None = None
    mlp_reads: str | None = None
    mlp_pre: str | None
    mlp_pre_half: Literal["whole", "first", "second"] = "whole"
    mlp_projection: str | None
    mlp_output: str | None = None
    parallel: bool = False
    final_norm: str | None
    head: tuple[str, ...]
    logit_scaling: tuple[tuple[Literal["times", "over", "cap"], str], ...] = ()
    residual_multiplier: str | None = None
    transposed_projection: bool = False
    post_norms: tuple[str, str] | None = None
    own_attention: bool = False
    own_parts: Mapping[str, OwnPart | str] = field(default_factory=dict)
    pattern: str | None = None
    context: tuple[str, ...] = ("max_position_embeddings",)
    positions_after_padding: bool = False
    notes: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    accepted: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    adapt: Callable[[Architecture, Config], Architecture] | None = None
    detected: bool = False

    def of(self, config: Config) -> Architecture:
        """Return the table of the variant that a configuration describes."""
        return self if self.adapt is None else self.adapt(self, config)

    @property
    def attn_out(self) -> str:
        """The module, below a block, whose output is attn_out."""
        return self.attention_output or self.attention_projection

    @property
    def mlp_out(self) -> str:
        """The module, below a block, whose output is mlp_out."""
        path = self.mlp_output or self.mlp_projection
        assert path is not None, "a table names the MLP's output or its last projection"
        return path

    def structure(self) -> tuple[str, ...]:
        """Return what the family's structure means for a cut, in whole sentences, then its own notes."""
        found = []
        if self.shared_block is not None:
            found.append(
                "Layers share their weights: each is one call of the same block. A site names one call, so a cut is "
                "made in that layer alone; the same head or neuron goes on working in the other layers."
            )
        if self.parallel:
            found.append(
                "Attention and MLP of a layer read the same residual: a cut in the attention reaches the MLPs of "
                "later layers only."
            )
        if self.post_norms is not None:
            found.append(
                "Each sum is normed before it becomes the residual: what is taken away is rescaled at once, and the "
                "parts do not simply add up."
            )
        if self.attention_output is not None:
            found.append(
                "attn_out and mlp_out are taken after the norm on each output, as they are added: what one head adds "
                "goes through that norm together with the other heads."
            )
        if self.residual_multiplier is not None:
            found.append("attn_out and mlp_out are taken before the multiplier that they are added with.")
        return (*found, *self.notes)

    def unreachable(self) -> dict[str, str]:
        """Return the hook points that models of this family do not offer, and why not."""
        reasons: dict[str, str] = {}
        if self.own_attention:
            for name in ("q", "k", "v", "attn_scores"):
                part = self.own_parts.get(name, "{} computes its attention in code of its own, which hides them.")
                if isinstance(part, str):
                    reasons[name] = part.format(self.label)
            if self.pattern is None:
                reasons["pattern"] = f"{self.label} computes its attention in code of its own, which hides it."
        if self.parallel:
            reasons["resid_mid"] = f"In {self.label} attention and MLP read the same residual: there is none between."
        if self.mlp_projection is None:
            reasons["mlp_post"] = f"{self.label} mixes several experts: there is no single set of neurons."
        if self.mlp_pre is None:
            none = f"{self.label} has no neurons before a nonlinearity."
            unclear = f"The structure of {self.label} does not show where its neurons stand before the nonlinearity."
            reasons["mlp_pre"] = reasons.get("mlp_post") or (unclear if self.detected else none)
        if not self.head:
            reasons["logits"] = f"{self.label} is used without a language-model head."
        return reasons
