"""BLOOM: pre-norm, distances as a bias on the scores (ALiBi), a norm on the embeddings."""

from core.models.architecture import Architecture, fused_by_head

ARCHITECTURE = Architecture(
    key="bloom",
    label="BLOOM",
    objective="causal",
    language_model_class="BloomForCausalLM",
    backbone_class="BloomModel",
    blocks="h",
    attention="self_attention",
    attention_projection="self_attention.dense",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.dense_h_to_4h",
    mlp_projection="mlp.dense_4h_to_h",
    final_norm="ln_f",
    head=("lm_head",),
    own_attention=True,
    own_parts=fused_by_head("self_attention.query_key_value"),
    pattern="self_attention.attention_dropout",
    context=("seq_length",),
    leftovers=("h.*.self_attention.scale_mask_softmax.causal_mask",),
    accepted={
        "is_causal": (True,),
        "apply_residual_connection_post_layernorm": (False,),
        # It leaves the projections out and multiplies with slices of their weights instead.
        "slow_but_exact": (False,),
    },
)
