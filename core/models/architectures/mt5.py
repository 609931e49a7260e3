"""mT5: the gated T5 in a hundred languages."""

from core.models.architecture import Architecture

ARCHITECTURE = Architecture(
    key="mt5",
    label="mT5",
    objective="masked",
    language_model_class=None,
    backbone_class="MT5EncoderModel",
    blocks="encoder.block",
    attention="layer.0.SelfAttention",
    attention_projection="layer.0.SelfAttention.o",
    mlp_reads="layer.1.layer_norm",
    mlp_pre="layer.1.DenseReluDense.wi_0",
    mlp_projection="layer.1.DenseReluDense.wo",
    final_norm="encoder.final_layer_norm",
    head=(),
    context=("n_positions",),
    notes=(
        "Only the encoder is used. The language-model head reads the decoder, which is left out: similarities only.",
    ),
    accepted={
        "is_encoder_decoder": (True, False),
        "is_decoder": (False,),
        "feed_forward_proj": ("gated-gelu",),
    },
)
