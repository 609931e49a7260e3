"""DistilBERT: as BERT, with the head's transform as modules of its own."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="distilbert",
    label="DistilBERT",
    objective="masked",
    language_model_class="DistilBertForMaskedLM",
    backbone_class="DistilBertModel",
    blocks="transformer.layer",
    attention="attention",
    attention_projection="attention.out_lin",
    mlp_pre="ffn.lin1",
    mlp_projection="ffn.lin2",
    final_norm=None,
    head=("vocab_transform", "activation", "vocab_layer_norm", "vocab_projector"),
    post_norms=("sa_layer_norm", "output_layer_norm"),
    leftovers=("embeddings.position_ids",),
)
