"""GPT-Neo: pre-norm, unscaled attention, every other layer sees a window only."""

from core.models.architecture import Architecture, OwnPart

ARCHITECTURE = Architecture(
    key="gpt_neo",
    label="GPT-Neo",
    objective="causal",
    language_model_class="GPTNeoForCausalLM",
    backbone_class="GPTNeoModel",
    blocks="h",
    attention="attn.attention",
    attention_projection="attn.attention.out_proj",
    mlp_reads="ln_2",
    mlp_pre="mlp.c_fc",
    mlp_projection="mlp.c_proj",
    final_norm="ln_f",
    head=("lm_head",),
    own_attention=True,
    own_parts={name: OwnPart(path=f"attn.attention.{name}_proj") for name in ("q", "k", "v")},
    pattern="attn.attention.attn_dropout",
    leftovers=("h.*.attn.attention.bias", "h.*.attn.attention.masked_bias"),
    accepted={"is_causal": (True,)},
)
