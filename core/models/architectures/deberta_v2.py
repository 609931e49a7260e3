"""DeBERTa v2 and v3: post-norm, attention by content and by distance in code of its own."""

from dataclasses import replace

from core.models.architecture import Architecture, Config, OwnPart

WITH_DISTANCES = "{} multiplies queries and keys with distances as well as with each other, in code of its own."
PARTS = {
    name: OwnPart(path=f"attention.self.{part}_proj") for name, part in (("q", "query"), ("k", "key"), ("v", "value"))
}


def _variant(table: Architecture, config: Config) -> Architecture:
    """Offer q and k without distances; leave out the newer head, which multiplies with the embeddings on its own."""
    if not config.get("relative_attention"):
        table = replace(table, own_parts=PARTS)
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
    own_parts={"q": WITH_DISTANCES, "k": WITH_DISTANCES, "v": PARTS["v"]},
    pattern="attention.self.dropout",
    leftovers=("embeddings.position_ids",),
    accepted={"conv_kernel_size": (0,)},
    adapt=_variant,
)
