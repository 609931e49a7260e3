"""ModernBERT: pre-norm, rotary positions, a gated MLP, most layers with a window."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="modernbert",
    label="ModernBERT",
    objective="masked",
    language_model_class="ModernBertForMaskedLM",
    backbone_class="ModernBertModel",
    blocks="layers",
    attention="attn",
    attention_projection="attn.Wo",
    mlp_reads="mlp_norm",
    mlp_pre="mlp.Wi",
    mlp_pre_half="first",
    mlp_projection="mlp.Wo",
    final_norm="final_norm",
    head=("head", "decoder"),
    notes=(
        "Most layers attend within a window only: between tokens that are further apart their pattern is 0, "
        "whatever is done to their scores.",
    ),
)
