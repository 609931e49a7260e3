"""CamemBERT: RoBERTa in French."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="camembert",
    label="CamemBERT",
    objective="masked",
    language_model_class="CamembertForMaskedLM",
    backbone_class="CamembertModel",
    backbone_options={"add_pooling_layer": False},
    blocks="encoder.layer",
    attention="attention.self",
    attention_projection="attention.output.dense",
    mlp_pre="intermediate.dense",
    mlp_projection="output.dense",
    final_norm=None,
    head=("lm_head",),
    post_norms=("attention.output.LayerNorm", "output.LayerNorm"),
    positions_after_padding=True,
    leftovers=("pooler.*", "embeddings.position_ids", "embeddings.token_type_ids"),
    accepted={"position_embedding_type": ("absolute",), "is_decoder": (False,)},
)
