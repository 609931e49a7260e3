"""MPT: pre-norm without biases, distances as a bias on the scores (ALiBi)."""

from dataclasses import replace

from core.models.architecture import Architecture, Config, OwnPart

CLIPPED = "This {} clips its queries, keys and values after their projection, in code of its own, which hides them."


def _variant(table: Architecture, config: Config) -> Architecture:
    if not (config.get("attn_config") or {}).get("clip_qkv"):
        return table
    return replace(table, own_parts=dict.fromkeys(table.own_parts, CLIPPED))


ARCHITECTURE = Architecture(
    key="mpt",
    label="MPT",
    objective="causal",
    language_model_class="MptForCausalLM",
    backbone_class="MptModel",
    blocks="blocks",
    attention="attn",
    attention_projection="attn.out_proj",
    mlp_reads="norm_2",
    mlp_pre="ffn.up_proj",
    mlp_projection="ffn.down_proj",
    final_norm="norm_f",
    head=("lm_head",),
    own_attention=True,
    own_parts={
        name: OwnPart(path="attn.Wqkv", slots=3, first=number, end=number + 1) for number, name in enumerate("qkv")
    },
    context=("max_seq_len",),
    # What the library passes over in a configuration: it would compute another model without a word.
    accepted={
        "is_causal": (True,),
        "no_bias": (True,),
        "expansion_ratio": (4,),
        "logit_scale": (None,),
        "norm_type": ("low_precision_layernorm", "layernorm"),
        "attn_config.attn_type": ("multihead_attention",),
        "attn_config.alibi": (True,),
        "attn_config.alibi_bias_max": (8,),
        "attn_config.qk_ln": (False,),
        "attn_config.prefix_lm": (False,),
        "attn_config.attn_uses_sequence_id": (False,),
        "attn_config.rope": (False,),
        "attn_config.sliding_window_size": (-1,),
    },
    adapt=_variant,
)
