"""mT5: the gated T5 in a hundred languages."""

from dataclasses import replace

from core.models.architectures.t5 import ARCHITECTURE as T5

ARCHITECTURE = replace(
    T5,
    key="mt5",
    label="mT5",
    backbone_class="MT5EncoderModel",
    mlp_pre="layer.1.DenseReluDense.wi_0",
    accepted={**T5.accepted, "feed_forward_proj": ("gated-gelu",)},
    adapt=None,
)
