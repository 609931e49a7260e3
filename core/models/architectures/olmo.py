"""OLMo: as Llama, with norms that have no weights."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="olmo",
    label="OLMo",
    objective="causal",
    language_model_class="OlmoForCausalLM",
    backbone_class="OlmoModel",
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
