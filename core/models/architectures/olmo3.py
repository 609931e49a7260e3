"""OLMo 3: as OLMo 2, with a window in three of four layers."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="olmo3",
    label="OLMo 3",
    objective="causal",
    language_model_class="Olmo3ForCausalLM",
    backbone_class="Olmo3Model",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    attention_output="post_attention_layernorm",
    mlp_reads="mlp",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    mlp_output="post_feedforward_layernorm",
    final_norm="norm",
    head=("lm_head",),
    accepted={"is_causal": (True,)},
)
