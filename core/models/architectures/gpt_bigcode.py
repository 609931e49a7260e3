"""GPT-BigCode (SantaCoder, StarCoder): as GPT-2, with one key and value for all heads."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="gpt_bigcode",
    label="GPT-BigCode",
    objective="causal",
    language_model_class="GPTBigCodeForCausalLM",
    backbone_class="GPTBigCodeModel",
    blocks="h",
    attention="attn",
    attention_projection="attn.c_proj",
    mlp_reads="ln_2",
    mlp_pre="mlp.c_fc",
    mlp_projection="mlp.c_proj",
    final_norm="ln_f",
    head=("lm_head",),
    leftovers=("bias", "h.*.attn.bias", "h.*.attn.masked_bias"),
    accepted={"is_causal": (True,)},
)
