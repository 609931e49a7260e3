"""Gemma: norms that multiply by one plus their weight, embeddings scaled by the root of the width."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="gemma",
    label="Gemma",
    objective="causal",
    language_model_class="GemmaForCausalLM",
    backbone_class="GemmaModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    final_norm="norm",
    head=("lm_head",),
    accepted={"is_causal": (True,), "use_bidirectional_attention": (False,)},
)
