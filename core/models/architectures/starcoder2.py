"""StarCoder2: LayerNorm, biases, an MLP without a gate, a sliding window."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="starcoder2",
    label="StarCoder2",
    objective="causal",
    language_model_class="Starcoder2ForCausalLM",
    backbone_class="Starcoder2Model",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.c_fc",
    mlp_projection="mlp.c_proj",
    final_norm="norm",
    head=("lm_head",),
    accepted={"is_causal": (True,)},
)
