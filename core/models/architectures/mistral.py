"""Mistral: as Llama, with a sliding window and a head width of its own."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="mistral",
    label="Mistral",
    objective="causal",
    language_model_class="MistralForCausalLM",
    backbone_class="MistralModel",
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
