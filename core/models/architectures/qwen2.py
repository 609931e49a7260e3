"""Qwen2: as Llama, with biases on queries, keys and values."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="qwen2",
    label="Qwen2",
    objective="causal",
    language_model_class="Qwen2ForCausalLM",
    backbone_class="Qwen2Model",
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
