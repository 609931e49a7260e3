"""OPT: pre-norm with learned positions; the 350m model is post-norm, with embeddings narrower than its blocks."""

from dataclasses import replace

from core.models.architecture import Architecture, Config


def _variant(table: Architecture, config: Config) -> Architecture:
    if not config.get("do_layer_norm_before", True):
        norms = ("self_attn_layer_norm", "final_layer_norm")
        table = replace(table, final_norm=None, post_norms=norms, mlp_reads=None)
    elif config.get("_remove_final_layer_norm", False):
        table = replace(table, final_norm=None)
    width = config.get("word_embed_proj_dim")
    if width is not None and width != config.get("hidden_size", 768):
        table = replace(table, head=("model.decoder.project_out", "lm_head"))
    return table


ARCHITECTURE = Architecture(
    key="opt",
    label="OPT",
    objective="causal",
    language_model_class="OPTForCausalLM",
    backbone_class="OPTModel",
    blocks="decoder.layers",
    attention="self_attn",
    attention_projection="self_attn.out_proj",
    mlp_reads="final_layer_norm",
    mlp_pre="fc1",
    mlp_projection="fc2",
    final_norm="decoder.final_layer_norm",
    head=("lm_head",),
    leftovers=("decoder.version",),
    accepted={"is_causal": (True,)},
    adapt=_variant,
)
