"""Cohere's Command R: attention and MLP side by side after one norm, scaled logits."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="cohere",
    label="Cohere",
    objective="causal",
    language_model_class="CohereForCausalLM",
    backbone_class="CohereModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    parallel=True,
    final_norm="norm",
    head=("lm_head",),
    logit_scaling=(("times", "logit_scale"),),
    accepted={"is_causal": (True,)},
)
