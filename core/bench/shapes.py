"""Models of well-known shapes with random weights: speed does not depend on what they have learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from core.models.architectures import ARCHITECTURES
from core.models.info import ModelInfo
from core.models.loaded_model import LoadedModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SEED = 0


@dataclass(frozen=True)
class Shape:
    """What a model is built from.

    Attributes
    ----------
    label : str
    config_class : str
        Name in transformers.
    config : tuple of (str, object)
        What differs from the configuration's defaults.
    """

    label: str
    config_class: str
    config: tuple[tuple[str, Any], ...]


def _gpt2(label: str, layers: int, heads: int, width: int) -> Shape:
    return Shape(label, "GPT2Config", (("n_layer", layers), ("n_head", heads), ("n_embd", width)))


def _llama(label: str, layers: int, heads: tuple[int, int], width: int, neurons: int, vocabulary: int) -> Shape:
    return Shape(
        label,
        "LlamaConfig",
        (
            ("num_hidden_layers", layers),
            ("num_attention_heads", heads[0]),
            ("num_key_value_heads", heads[1]),
            ("hidden_size", width),
            ("intermediate_size", neurons),
            ("vocab_size", vocabulary),
            ("tie_word_embeddings", True),
        ),
    )


SHAPES = {
    "gpt2": _gpt2("GPT-2 small", 12, 12, 768),
    "gpt2-medium": _gpt2("GPT-2 Medium", 24, 16, 1024),
    "gpt2-large": _gpt2("GPT-2 Large", 36, 20, 1280),
    "llama-small": _llama("Llama, 135 M", 30, (9, 3), 576, 1536, 49152),
    "llama-1b": _llama("Llama, 1.2 B", 16, (32, 8), 2048, 8192, 128256),
    "bert-large": Shape(
        "BERT Large",
        "BertConfig",
        (
            ("num_hidden_layers", 24),
            ("num_attention_heads", 16),
            ("hidden_size", 1024),
            ("intermediate_size", 4096),
        ),
    ),
}


def build(shape: Shape) -> LoadedModel:
    """Return a model of a shape in float32 on the CPU, without a tokenizer."""
    import torch
    import transformers

    config: Any = getattr(transformers, shape.config_class)(**dict(shape.config))
    architecture = ARCHITECTURES[config.model_type].of(config.to_dict())
    assert architecture.language_model_class is not None
    torch.manual_seed(SEED)
    network: PreTrainedModel = getattr(transformers, architecture.language_model_class)(config)
    network.eval().requires_grad_(False)
    heads = int(config.num_attention_heads)
    info = ModelInfo(
        name=shape.label,
        family=architecture.key,
        n_layers=int(config.num_hidden_layers),
        n_heads=heads,
        n_key_value_heads=int(getattr(config, "num_key_value_heads", None) or heads),
        d_model=int(config.hidden_size),
        d_head=int(config.hidden_size) // heads,
        vocab_size=int(config.vocab_size),
        context=int(config.max_position_embeddings),
        objective=architecture.objective,
        has_head=True,
        mask_token=None,
        n_parameters=sum(parameter.numel() for parameter in network.parameters()),
        memory_bytes=sum(parameter.nbytes for parameter in network.parameters()),
        dtype="float32",
        device="cpu",
        unreachable=tuple(architecture.unreachable().items()),
    )
    return LoadedModel(shape.label, info, architecture, network, cast("Any", None))
