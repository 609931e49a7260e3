"""Gemma 3, its text model: norms on the outputs and on queries and keys, mostly layers with a window."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="gemma3_text",
    label="Gemma 3",
    objective="causal",
    language_model_class="Gemma3ForCausalLM",
    backbone_class="Gemma3TextModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    attention_output="post_attention_layernorm",
    mlp_reads="pre_feedforward_layernorm",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    mlp_output="post_feedforward_layernorm",
    final_norm="norm",
    head=("lm_head",),
    logit_scaling=(("cap", "final_logit_softcapping"),),
    accepted={"is_causal": (True,), "use_bidirectional_attention": (False,)},
)
