"""StableLM: pre-norm with LayerNorm and a gated MLP; some models have attention and MLP side by side."""

from dataclasses import replace

from core.models.architecture import Architecture, Config


def _variant(table: Architecture, config: Config) -> Architecture:
    return replace(table, parallel=True, mlp_reads=None) if config.get("use_parallel_residual", False) else table


ARCHITECTURE = Architecture(
    key="stablelm",
    label="StableLM",
    objective="causal",
    language_model_class="StableLmForCausalLM",
    backbone_class="StableLmModel",
    blocks="layers",
    attention="self_attn",
    attention_projection="self_attn.o_proj",
    mlp_reads="post_attention_layernorm",
    mlp_pre="mlp.gate_proj",
    mlp_projection="mlp.down_proj",
    final_norm="norm",
    head=("lm_head",),
    leftovers=("layers.*.self_attn.rotary_emb.*", "rotary_emb.*"),
    accepted={"is_causal": (True,)},
    adapt=_variant,
)
