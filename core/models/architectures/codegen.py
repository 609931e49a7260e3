"""CodeGen: as GPT-J, with query, value and key fused in four shards."""

from core.models.architecture import ROTATED, Architecture, OwnPart

ARCHITECTURE = Architecture(
    key="codegen",
    label="CodeGen",
    objective="causal",
    language_model_class="CodeGenForCausalLM",
    backbone_class="CodeGenModel",
    blocks="h",
    attention="attn",
    attention_projection="attn.out_proj",
    mlp_pre="mlp.fc_in",
    mlp_projection="mlp.fc_out",
    parallel=True,
    final_norm="ln_f",
    head=("lm_head",),
    own_attention=True,
    # Each shard: queries, values, keys.
    own_parts={
        "q": ROTATED,
        "k": ROTATED,
        "v": OwnPart(path="attn.qkv_proj", groups=4, slots=3, first=1, end=2),
    },
    pattern="attn.attn_dropout",
    leftovers=("h.*.attn.causal_mask", "h.*.attn.bias", "h.*.attn.masked_bias", "h.*.attn.embed_positions"),
    accepted={"is_causal": (True,)},
)
