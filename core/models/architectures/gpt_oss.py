"""GPT-OSS: a mixture of experts, attention sinks, a window in every other layer."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="gpt_oss",
    label="GPT-OSS",
    objective="causal",
    language_model_class="GptOssForCausalLM",
    backbone_class="GptOssModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre=None,
    mlp_projection=None,
    mlp_output="mlp",
    final_norm="norm",
    head=("lm_head",),
    notes=("Each head may attend to nothing: its pattern adds up to less than 1, the rest goes to its sink.",),
    accepted={"is_causal": (True,)},
)
