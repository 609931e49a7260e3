"""Qwen3: as Llama, with a norm on each head's queries and keys."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="qwen3",
    label="Qwen3",
    objective="causal",
    language_model_class="Qwen3ForCausalLM",
    backbone_class="Qwen3Model",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    final_norm="norm",
    head=("lm_head",),
    accepted={"is_causal": (True,)},
)
