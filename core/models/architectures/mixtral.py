"""Mixtral: as Mistral, with a router and several experts in place of one MLP."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="mixtral",
    label="Mixtral",
    objective="causal",
    language_model_class="MixtralForCausalLM",
    backbone_class="MixtralModel",
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
