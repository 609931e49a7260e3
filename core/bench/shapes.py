"""Models of well-known shapes with random weights: speed does not depend on what they have learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from core.models.architectures import ARCHITECTURES
from core.models.configuration import attention_of
from core.models.info import ModelInfo
from core.models.loaded_model import LoadedModel
from core.models.memory import DoesNotFit, bytes_in, free_bytes
from core.models.progress import in_words

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


def _llama(
    label: str, layers: int, heads: tuple[int, int], width: int, neurons: int, vocabulary: int, *, tied: bool = True
) -> Shape:
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
            ("tie_word_embeddings", tied),
        ),
    )


SHAPES = {
    "gpt2": _gpt2("GPT-2 small", 12, 12, 768),
    "gpt2-medium": _gpt2("GPT-2 Medium", 24, 16, 1024),
    "gpt2-large": _gpt2("GPT-2 Large", 36, 20, 1280),
    "llama-small": _llama("Llama, 135 M", 30, (9, 3), 576, 1536, 49152),
    "llama-1b": _llama("Llama, 1.2 B", 16, (32, 8), 2048, 8192, 128256),
    "llama-8b": _llama("Llama, 8 B", 32, (32, 8), 4096, 14336, 128256, tied=False),
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


# What is measured where no shapes are named: 8 billion weights are too many for most processors.
ON_PROCESSOR = tuple(name for name in SHAPES if name != "llama-8b")
ON_GPU = ("gpt2-large", "llama-8b")


def build(shape: Shape, device: str = "cpu", dtype: str = "float32") -> LoadedModel:
    """Return a model of a shape, made on its device, without a tokenizer; the same numbers every time.

    Raises
    ------
    DoesNotFit
        If less memory is free there than it needs.
    """
    import torch
    import transformers

    config: Any = getattr(transformers, shape.config_class)(**dict(shape.config))
    architecture = ARCHITECTURES[config.model_type].of(config.to_dict())
    assert architecture.language_model_class is not None
    network_class = getattr(transformers, architecture.language_model_class)
    with torch.device("meta"):
        _check_fits(shape.label, sum(weight.numel() for weight in network_class(config).parameters()), device, dtype)
    torch.manual_seed(SEED)
    # Made where it is to be, so that it need not fit into the main memory too.
    with torch.device(device):
        network: PreTrainedModel = network_class._from_config(
            config, dtype=dtype, attn_implementation=attention_of(network_class)
        )
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
        dtype=dtype,
        device=device,
        unreachable=tuple(architecture.unreachable().items()),
    )
    return LoadedModel(shape.label, info, architecture, network, cast("Any", None))


def _check_fits(label: str, n_parameters: int, device: str, dtype: str) -> None:
    needed, free = bytes_in(n_parameters, dtype), free_bytes(device)
    if needed > free:
        raise DoesNotFit(
            f"{label} needs about {in_words(needed)} in {dtype} but only {in_words(free)} are free on {device}.",
            "Name smaller shapes with --shapes, or a shorter number format with --dtype.",
        )
