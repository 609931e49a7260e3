"""DeBERTa v2 and v3: post-norm, attention by content and by distance in code of its own."""

from dataclasses import replace

from core.models.architecture import Architecture, Config


def _without_unnamed_head(table: Architecture, config: Config) -> Architecture:
    """Leave out the newer head, which multiplies with the embeddings outside any module."""
    if config.get("legacy") in (None, True):
        return table
    note = "The head of this checkpoint cannot be reached part by part, so it is used without: similarities only."
    return replace(table, language_model_class=None, head=(), notes=(*table.notes, note))


ARCHITECTURE = Architecture(
    key="deberta-v2",
    label="DeBERTa-v2",
    objective="masked",
    language_model_class="DebertaV2ForMaskedLM",
    backbone_class="DebertaV2Model",
    blocks="encoder.layer",
    attention="attention.self",
    attention_projection="attention.output.dense",
    mlp_pre="intermediate.dense",
    mlp_projection="output.dense",
    final_norm=None,
    head=("cls.predictions",),
    post_norms=("attention.output.LayerNorm", "output.LayerNorm"),
    own_attention=True,
    pattern="attention.self.dropout",
    leftovers=("embeddings.position_ids",),
    accepted={"conv_kernel_size": (0,)},
    adapt=_without_unnamed_head,
)
