"""GPT-2: pre-norm, fused query-key-value projection, Conv1D weights."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="gpt2",
    label="GPT-2",
    objective="causal",
    language_model_class="GPT2LMHeadModel",
    backbone_class="GPT2Model",
    blocks="h",
    attention="attn",
    attention_projection="attn.c_proj",
    mlp_reads="ln_2",
    mlp_pre="mlp.c_fc",
    mlp_projection="mlp.c_proj",
    final_norm="ln_f",
    head=("lm_head",),
    transposed_projection=True,
    leftovers=("h.*.attn.bias", "h.*.attn.masked_bias"),
    accepted={"is_causal": (True,)},
)
