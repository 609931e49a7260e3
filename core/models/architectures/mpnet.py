"""MPNet: as RoBERTa, with distances between tokens added to the scores in code of its own."""

from core.models.architecture import Architecture, OwnPart

ARCHITECTURE = Architecture(
    key="mpnet",
    label="MPNet",
    objective="masked",
    language_model_class="MPNetForMaskedLM",
    backbone_class="MPNetModel",
    backbone_options={"add_pooling_layer": False},
    blocks="encoder.layer",
    attention="attention.attn",
    attention_projection="attention.attn.o",
    mlp_pre="intermediate.dense",
    mlp_projection="output.dense",
    final_norm=None,
    head=("lm_head",),
    post_norms=("attention.LayerNorm", "output.LayerNorm"),
    own_attention=True,
    own_parts={name: OwnPart(path=f"attention.attn.{name}") for name in ("q", "k", "v")},
    pattern="attention.attn.dropout",
    positions_after_padding=True,
    leftovers=("pooler.*", "embeddings.position_ids"),
    # The library counts positions from this number, whatever the configuration says.
    accepted={"pad_token_id": (1,)},
)
