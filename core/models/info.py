"""What is known of a loaded model, as plain values that any thread may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """A loaded model's shape and state.

    Attributes
    ----------
    name : str
        As the user named it.
    family : str
        The configuration's model_type.
    n_layers, n_heads, n_key_value_heads, d_model, d_head, vocab_size, context : int
        Sizes; ``context`` is the longest prompt in tokens.
    objective : {"causal", "masked"}
        Whether it predicts the next token or hidden ones.
    has_head : bool
        False for an encoder without a language-model head: similarities only.
    mask_token : str or None
        Text of the mask token.
    n_parameters, memory_bytes : int
    dtype, device : str
        As in ``float32`` and ``cpu``.
    d_mlp : int or None
        Number of neurons in a layer's MLP; None where there is no single set of them.
    unreachable : tuple of (str, str)
        Hook points that this model does not offer, each with the reason in a sentence.
    notes : tuple of str
        What the user should know of this family's sites, in whole sentences.
    detected : bool
        Whether the family's table was found by looking at the network.
    """

    name: str
    family: str
    n_layers: int
    n_heads: int
    n_key_value_heads: int
    d_model: int
    d_head: int
    vocab_size: int
    context: int
    objective: Literal["causal", "masked"]
    has_head: bool
    mask_token: str | None
    n_parameters: int
    memory_bytes: int
    dtype: str
    device: str
    d_mlp: int | None = None
    unreachable: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    detected: bool = False

    def why_not(self, hook_point: str) -> str | None:
        """Return why a hook point is not offered, or None if it is."""
        return dict(self.unreachable).get(hook_point)

    def heads_at(self, heads: str) -> int:
        """Return how many heads there are of a kind: ``query`` or ``key_value``."""
        return self.n_key_value_heads if heads == "key_value" else self.n_heads
