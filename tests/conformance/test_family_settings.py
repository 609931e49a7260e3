"""What sets a family apart does something in its tiny model, and what its table does not describe is refused."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import torch
import transformers

from core.errors import SurgeryError
from core.models.checkpoint import require_supported

if TYPE_CHECKING:
    from tests.fixtures.tiny_family import TinyOf

SETTINGS: list[tuple[str, str, str, Any]] = [
    ("mistral", "", "sliding_window", None),
    ("mixtral", "", "sliding_window", None),
    ("mixtral", "", "num_experts_per_tok", 1),
    ("qwen2", "windowed", "layer_types", ["full_attention"] * 3),
    ("qwen2_moe", "", "num_experts_per_tok", 1),
    ("qwen3", "windowed", "layer_types", ["full_attention"] * 3),
    ("gemma2", "", "layer_types", ["full_attention"] * 4),
    ("gemma2", "", "query_pre_attn_scalar", 16),
    ("gemma2", "", "attn_logit_softcapping", None),
    ("gemma2", "", "final_logit_softcapping", None),
    ("gemma3_text", "", "layer_types", ["full_attention"] * 4),
    ("gemma3_text", "capped", "final_logit_softcapping", None),
    ("phi3", "", "sliding_window", None),
    ("olmo", "clipped", "clip_qkv", None),
    ("olmo3", "", "layer_types", ["full_attention"] * 4),
    ("starcoder2", "", "sliding_window", None),
    ("granite", "", "embedding_multiplier", 1.0),
    ("granite", "", "attention_multiplier", 8**-0.5),
    ("granite", "", "residual_multiplier", 1.0),
    ("granite", "", "logits_scaling", 1.0),
    ("smollm3", "", "no_rope_layers", [1, 1, 1]),
    ("smollm3", "windowed", "layer_types", ["full_attention"] * 3),
    ("cohere", "", "logit_scale", 1.0),
    ("gpt_oss", "", "layer_types", ["full_attention"] * 4),
]


@pytest.mark.parametrize(("family", "variant", "entry", "value"), SETTINGS)
def test_that_a_familys_own_settings_matter_in_its_tiny_model(
    family: str, variant: str, entry: str, value: Any, tiny_of: TinyOf
) -> None:
    tiny = tiny_of(family, variant)
    config = copy.deepcopy(tiny.model.config)
    assert getattr(config, entry) != value
    setattr(config, entry, value)
    other = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    assert other.load_state_dict(tiny.model.state_dict()).missing_keys == []
    ids = torch.tensor([tiny.tokenizer(tiny.prompt).input_ids])
    with torch.inference_mode():
        difference = tiny.model(ids).logits - other(ids).logits
    assert difference.abs().max() > 0.01


@pytest.mark.parametrize("family", ["gemma", "gemma2", "gemma3_text"])
def test_that_a_decoder_that_looks_ahead_is_refused(family: str, tiny_of: TinyOf) -> None:
    config = tiny_of(family).model.config.to_dict()
    require_supported(config)
    with pytest.raises(SurgeryError, match="it has use_bidirectional_attention = True"):
        require_supported(config | {"use_bidirectional_attention": True})
