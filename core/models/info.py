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
