"""T5: the encoder alone; pre-norm with RMSNorm, distances between tokens added to the scores."""

from dataclasses import replace

from core.models.architecture import Architecture, Config


def _gated(table: Architecture, config: Config) -> Architecture:
    """Name the gate of the newer versions, which have two projections where the first had one."""
    if str(config.get("feed_forward_proj", "relu")).startswith("gated-"):
        return replace(table, mlp_pre="layer.1.DenseReluDense.wi_0")
    return table


ARCHITECTURE = Architecture(
    key="t5",
    label="T5",
    objective="masked",
    language_model_class=None,
    backbone_class="T5EncoderModel",
    blocks="encoder.block",
    attention="layer.0.SelfAttention",
    attention_projection="layer.0.SelfAttention.o",
    mlp_reads="layer.1.layer_norm",
    mlp_pre="layer.1.DenseReluDense.wi",
    mlp_projection="layer.1.DenseReluDense.wo",
    final_norm="encoder.final_layer_norm",
    head=(),
    context=("n_positions",),
    notes=(
        "Only the encoder is used. The language-model head reads the decoder, which is left out: similarities only.",
    ),
    accepted={"is_encoder_decoder": (True, False), "is_decoder": (False,)},
    adapt=_gated,
)
