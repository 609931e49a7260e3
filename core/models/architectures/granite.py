"""Granite: as Llama, with multipliers on embeddings, scores, outputs and logits."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="granite",
    label="Granite",
    objective="causal",
    language_model_class="GraniteForCausalLM",
    backbone_class="GraniteModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    final_norm="norm",
    head=("lm_head",),
    logit_scaling=(("over", "logits_scaling"),),
    residual_multiplier="residual_multiplier",
    accepted={"is_causal": (True,)},
)
