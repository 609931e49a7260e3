"""OLMo 2: norms on the outputs in place of the inputs, and on queries and keys."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="olmo2",
    label="OLMo 2",
    objective="causal",
    language_model_class="Olmo2ForCausalLM",
    backbone_class="Olmo2Model",
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
