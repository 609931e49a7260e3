"""ELECTRA: as BERT, with embeddings of another width. Its generators fill masks, its discriminators do not."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="electra",
    label="ELECTRA",
    objective="masked",
    language_model_class="ElectraForMaskedLM",
    backbone_class="ElectraModel",
    blocks="encoder.layer",
    attention="attention.self",
    attention_projection="attention.output.dense",
    mlp_pre="intermediate.dense",
    mlp_projection="output.dense",
    final_norm=None,
    head=("generator_predictions", "generator_lm_head"),
    post_norms=("attention.output.LayerNorm", "output.LayerNorm"),
    leftovers=("embeddings.position_ids", "embeddings.token_type_ids"),
    accepted={"position_embedding_type": ("absolute",), "is_decoder": (False,)},
)
