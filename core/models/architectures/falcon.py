"""Falcon: attention and MLP side by side with shared keys; the RW models have them in turn, with ALiBi."""

from dataclasses import replace

from core.models.architecture import ROTATED, Architecture, Config, fused_by_head

PARTS = fused_by_head("self_attention.query_key_value")


def _variant(table: Architecture, config: Config) -> Architecture:
    if config.get("alibi"):
        table = replace(table, own_parts=PARTS)
    if config.get("new_decoder_architecture") or config.get("parallel_attn", True):
        return table
    return replace(table, parallel=False, mlp_reads="post_attention_layernorm")


ARCHITECTURE = Architecture(
    key="falcon",
    label="Falcon",
    objective="causal",
    language_model_class="FalconForCausalLM",
    backbone_class="FalconModel",
    blocks="h",
    attention="self_attention",
    attention_projection="self_attention.dense",
    mlp_pre="mlp.dense_h_to_4h",
    mlp_projection="mlp.dense_4h_to_h",
    parallel=True,
    final_norm="ln_f",
    head=("lm_head",),
    # Its dropout is passed by with rotary positions, and by the fused attention with ALiBi.
    own_attention=True,
    own_parts={"q": ROTATED, "k": ROTATED, "v": PARTS["v"]},
    leftovers=("h.*.self_attention.maybe_rotary.*", "h.*.self_attention.rotary_emb.*", "rotary_emb.*"),
    accepted={"is_causal": (True,), "apply_residual_connection_post_layernorm": (False,)},
    adapt=_variant,
)
