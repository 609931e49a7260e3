"""GPT-NeoX and Pythia: attention and MLP side by side, partly rotary positions, query-key-value fused per head."""

from dataclasses import replace

from core.models.architecture import Architecture, Config


def _variant(table: Architecture, config: Config) -> Architecture:
    if config.get("use_parallel_residual", True):
        return table
    return replace(table, parallel=False, mlp_reads="post_attention_layernorm")


ARCHITECTURE = Architecture(
    key="gpt_neox",
    label="GPT-NeoX",
    objective="causal",
    language_model_class="GPTNeoXForCausalLM",
    backbone_class="GPTNeoXModel",
    blocks="layers",
    attention="attention",
    attention_projection="attention.dense",
    mlp_pre="mlp.dense_h_to_4h",
    mlp_projection="mlp.dense_4h_to_h",
    parallel=True,
    final_norm="final_layer_norm",
    head=("lm_head",),
    leftovers=("layers.*.attention.bias", "layers.*.attention.masked_bias", "layers.*.attention.rotary_emb.*"),
    accepted={"is_causal": (True,)},
    adapt=_variant,
)
