"""From a model's name to a LoadedModel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cancel import CancelToken
from core.errors import SurgeryError
from core.models.architectures import ARCHITECTURES
from core.models.catalogue import locate_model
from core.models.checkpoint import inspect_checkpoint
from core.models.devices import check_dtype, choose_device
from core.models.fingerprint import fingerprint
from core.models.info import ModelInfo
from core.models.loaded_model import LoadedModel, find_part
from core.models.memory import check_fits
from core.models.network import import_library, load_network
from core.models.progress import silent
from core.models.tokenizer_files import load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from core.models.architecture import Architecture
    from core.models.progress import Report


def open_model(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "float32",
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> LoadedModel:
    """Find, check and load a model.

    Parameters
    ----------
    name : str
        A specimen, a checkpoint folder, or a hub id.
    device : str
        ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    dtype : str
        ``float32``, ``float16`` or ``bfloat16``, whatever the checkpoint was saved in.
    report : callable
        ``report(text, fraction or None)`` before each step and during the long ones.
    cancel : CancelToken, optional

    Raises
    ------
    SurgeryError
        If the model is not found, not whole, not supported, or does not fit.
    Cancelled
        If it was cancelled; what was downloaded is kept.
    """
    cancel = cancel or CancelToken()
    check_dtype(dtype)
    folder = locate_model(name, report, cancel)
    report("Reading the checkpoint", None)
    checkpoint = inspect_checkpoint(folder)
    architecture = ARCHITECTURES[checkpoint.family]
    cancel.check()
    report("Importing torch", None)
    import torch  # noqa: F401  # imported here, so that its seconds have a name

    chosen = choose_device(device)
    check_fits(checkpoint, dtype, chosen)
    cancel.check()
    report("Importing transformers", None)
    import_library(architecture)
    tokenizer = load_tokenizer(folder)
    cancel.check()
    report("Loading weights", 0.0)
    network, has_head = load_network(checkpoint, architecture, dtype, chosen, report, cancel)
    cancel.check()
    return LoadedModel(
        identity=f"{name}@{fingerprint(checkpoint)}/{dtype}/{chosen}",
        info=_describe(name, network, tokenizer, architecture, has_head, dtype, chosen),
        architecture=architecture,
        network=network,
        tokenizer=tokenizer,
    )


def _describe(
    name: str,
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    architecture: Architecture,
    has_head: bool,
    dtype: str,
    device: str,
) -> ModelInfo:
    config = network.config
    blocks = list(find_part(network.base_model, architecture.blocks, architecture).children())
    if len(blocks) != config.num_hidden_layers:
        raise SurgeryError(
            f"The model has {len(blocks)} blocks but its config.json says {config.num_hidden_layers}.",
            "Get the checkpoint again.",
        )
    for block in blocks:
        for path in (architecture.attention, architecture.mlp_projection):
            find_part(block, path, architecture)
    # The width of z, not d_model: the two differ in models that choose their own width of a head.
    weight = find_part(blocks[0], architecture.attention_projection, architecture).weight
    z_width = weight.shape[0 if architecture.transposed_projection else 1]  # type: ignore[index]
    n_heads = int(config.num_attention_heads)
    return ModelInfo(
        name=name,
        family=architecture.key,
        n_layers=len(blocks),
        n_heads=n_heads,
        n_key_value_heads=int(getattr(config, "num_key_value_heads", None) or n_heads),
        d_model=int(config.hidden_size),
        d_head=int(z_width) // n_heads,
        vocab_size=int(config.vocab_size),
        context=int(config.max_position_embeddings),
        objective=architecture.objective,
        has_head=has_head,
        mask_token=tokenizer.mask_token if architecture.objective == "masked" else None,
        n_parameters=sum(parameter.numel() for parameter in network.parameters()),
        memory_bytes=sum(t.nbytes for t in (*network.parameters(), *network.buffers())),
        dtype=dtype,
        device=device,
    )
