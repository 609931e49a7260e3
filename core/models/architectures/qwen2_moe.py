"""Qwen2-MoE: as Qwen2, with a router, several experts and one that is always asked."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="qwen2_moe",
    label="Qwen2-MoE",
    objective="causal",
    language_model_class="Qwen2MoeForCausalLM",
    backbone_class="Qwen2MoeModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre=None,
    mlp_projection=None,
    mlp_output="mlp",
    final_norm="norm",
    head=("lm_head",),
    accepted={"is_causal": (True,)},
)
