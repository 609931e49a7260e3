"""BERT: bidirectional, post-norm, a transform before the unembedding."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="bert",
    label="BERT",
    objective="masked",
    language_model_class="BertForMaskedLM",
    backbone_class="BertModel",
    backbone_options={"add_pooling_layer": False},
    blocks="encoder.layer",
    attention="attention.self",
    attention_projection="attention.output.dense",
    mlp_pre="intermediate.dense",
    mlp_projection="output.dense",
    final_norm=None,
    head=("cls.predictions",),
    post_norms=("attention.output.LayerNorm", "output.LayerNorm"),
    leftovers=("pooler.*", "embeddings.position_ids", "embeddings.token_type_ids"),
    accepted={"position_embedding_type": ("absolute",), "is_decoder": (False,)},
)
