"""Gemma 2: norms on the outputs too, soft caps on scores and logits, every other layer with a window."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="gemma2",
    label="Gemma 2",
    objective="causal",
    language_model_class="Gemma2ForCausalLM",
    backbone_class="Gemma2Model",
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
