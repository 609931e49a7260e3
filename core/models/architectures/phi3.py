"""Phi-3: as Llama, with queries, keys and values in one projection and the gate beside the value."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="phi3",
    label="Phi-3",
    objective="causal",
    language_model_class="Phi3ForCausalLM",
    backbone_class="Phi3Model",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.gate_up_proj",
    mlp_pre_half="first",
    mlp_projection="mlp.down_proj",
    final_norm="norm",
    head=("lm_head",),
    accepted={"is_causal": (True,)},
)
