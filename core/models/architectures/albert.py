"""ALBERT: post-norm, a group of layers is one module that is called several times."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="albert",
    label="ALBERT",
    objective="masked",
    language_model_class="AlbertForMaskedLM",
    backbone_class="AlbertModel",
    backbone_options={"add_pooling_layer": False},
    blocks="encoder.albert_layer_groups",
    shared_block="albert_layers.0",
    attention="attention",
    attention_projection="attention.dense",
    mlp_pre="ffn",
    mlp_projection="ffn_output",
    final_norm=None,
    head=("predictions",),
    post_norms=("attention.LayerNorm", "full_layer_layer_norm"),
    leftovers=("pooler.*", "embeddings.position_ids", "embeddings.token_type_ids"),
    accepted={"inner_group_num": (1,), "position_embedding_type": ("absolute",)},
)
