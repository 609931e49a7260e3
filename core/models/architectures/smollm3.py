"""SmolLM3: as Llama, with every fourth layer blind to positions."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="smollm3",
    label="SmolLM3",
    objective="causal",
    language_model_class="SmolLM3ForCausalLM",
    backbone_class="SmolLM3Model",
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
