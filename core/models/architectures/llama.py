"""Llama: pre-norm with RMSNorm, rotary positions, grouped-query attention."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="llama",
    label="Llama",
    objective="causal",
    language_model_class="LlamaForCausalLM",
    backbone_class="LlamaModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    final_norm="norm",
    head=("lm_head",),
    leftovers=("layers.*.self_attn.rotary_emb.*", "rotary_emb.*"),
    accepted={"is_causal": (True,)},
)
