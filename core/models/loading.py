"""From a model's name to a LoadedModel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.cancel import CancelToken
from core.models.architectures import ARCHITECTURES
from core.models.catalogue import locate_model
from core.models.checkpoint import inspect_checkpoint, is_described
from core.models.detection import detect
from core.models.devices import check_dtype, choose_device
from core.models.fingerprint import fingerprint
from core.models.info import ModelInfo
from core.models.loaded_model import LoadedModel, blocks_of, find_part
from core.models.network import import_library, load_network, silence_library
from core.models.observation import observed
from core.models.placement import first_device, needs_spreading, spread_note
from core.models.progress import silent
from core.models.tokenizer_files import load_tokenizer
from core.models.weight_layout import lay_out

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from core.models.architecture import Architecture
    from core.models.checkpoint import Checkpoint
    from core.models.progress import Report

UNBOUNDED_CONTEXT = 4096


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A model that was found and can be loaded; none of its weights is in memory yet.

    Attributes
    ----------
    name : str
        As the user named it.
    checkpoint : Checkpoint
    architecture : Architecture
    dtype, device : str
        The device is the one that was chosen, never ``auto``.
    fingerprint : str
        Of the checkpoint's content.
    """

    name: str
    checkpoint: Checkpoint
    architecture: Architecture
    dtype: str
    device: str
    fingerprint: str

    @property
    def identity(self) -> str:
        """Differs whenever the name, the content, the dtype or the device differ."""
        return f"{self.name}@{self.fingerprint}/{self.dtype}/{self.device}"


def open_model(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "float32",
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> LoadedModel:
    """Find, check and load a model; see `prepare_model` and `load_prepared`."""
    cancel = cancel or CancelToken()
    prepared = prepare_model(name, device=device, dtype=dtype, report=report, cancel=cancel)
    return load_prepared(prepared, report=report, cancel=cancel)


def prepare_model(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "float32",
    report: Report = silent,
    cancel: CancelToken | None = None,
) -> Prepared:
    """Find a model, download it if it is not here, and look at its files.

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
        If the model is not found, not whole or not supported, or the device is not there.
    Cancelled
        If it was cancelled; what was downloaded is kept.
    """
    cancel = cancel or CancelToken()
    check_dtype(dtype)
    folder = locate_model(name, report, cancel)
    report("Reading the checkpoint", None)
    checkpoint = inspect_checkpoint(folder)
    described = is_described(checkpoint.config)
    architecture = ARCHITECTURES[checkpoint.family].of(checkpoint.config) if described else None
    cancel.check()
    report("Importing torch", None)
    import torch  # noqa: F401  # imported here, so that its seconds have a name

    chosen = choose_device(device)
    if architecture is None:
        report(f"Looking for the parts of {checkpoint.family}", None)
        silence_library()
        architecture = detect(checkpoint.config)
        cancel.check()
    return Prepared(
        name=name,
        checkpoint=checkpoint,
        architecture=architecture,
        dtype=dtype,
        device=chosen,
        fingerprint=fingerprint(checkpoint),
    )


def load_prepared(prepared: Prepared, report: Report = silent, cancel: CancelToken | None = None) -> LoadedModel:
    """Load the weights of a model that was prepared.

    Raises
    ------
    SurgeryError
        If the weights are not whole, or (`OutOfMemory`) do not fit.
    Cancelled
        If it was cancelled.
    """
    cancel = cancel or CancelToken()
    checkpoint, architecture = prepared.checkpoint, prepared.architecture
    spread = needs_spreading(checkpoint, prepared.dtype, prepared.device)
    cancel.check()
    report("Importing transformers", None)
    import_library(architecture)
    tokenizer = load_tokenizer(checkpoint.folder)
    cancel.check()
    report("Loading weights", 0.0)
    network, has_head = load_network(
        checkpoint, architecture, prepared.dtype, prepared.device, report, cancel, spread=spread
    )
    cancel.check()
    if architecture.detected:
        architecture = observed(architecture, network, has_head)
    device = first_device(network) if spread else prepared.device
    info = _describe(prepared.name, network, tokenizer, architecture, has_head, prepared.dtype, device)
    if spread:
        info = replace(info, notes=(*info.notes, spread_note(network)))
    else:
        lay_out(network)
    return LoadedModel(
        identity=prepared.identity, info=info, architecture=architecture, network=network, tokenizer=tokenizer
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
    blocks = blocks_of(network.base_model if has_head else network, architecture, int(config.num_hidden_layers))
    for block in blocks:
        for path in (architecture.attention, architecture.attn_out, architecture.mlp_out, architecture.mlp_pre):
            if path is not None:
                find_part(block, path, architecture)
    n_heads = int(config.num_attention_heads)
    # The width of z, not d_model: the two differ in models that choose their own width of a head.
    z_width = _input_width(blocks[0], architecture.attention_projection, architecture)
    neurons = architecture.mlp_projection
    return ModelInfo(
        name=name,
        family=architecture.key,
        n_layers=len(blocks),
        n_heads=n_heads,
        n_key_value_heads=_n_key_value_heads(config, n_heads),
        d_model=int(config.hidden_size),
        d_head=z_width // n_heads,
        vocab_size=int(config.vocab_size),
        context=_context(config, architecture, tokenizer),
        objective=architecture.objective,
        has_head=has_head,
        mask_token=tokenizer.mask_token if architecture.objective == "masked" else None,
        n_parameters=sum(parameter.numel() for parameter in network.parameters()),
        memory_bytes=sum(t.nbytes for t in (*network.parameters(), *network.buffers())),
        dtype=dtype,
        device=device,
        d_mlp=None if neurons is None else _input_width(blocks[0], neurons, architecture),
        unreachable=tuple(_unreachable(architecture, has_head).items()),
        notes=architecture.structure(),
        detected=architecture.detected,
    )


def _input_width(block: Module, path: str, architecture: Architecture) -> int:
    weight: Any = find_part(block, path, architecture).weight
    return int(weight.shape[0 if architecture.transposed_projection else 1])


def _n_key_value_heads(config: Any, n_heads: int) -> int:
    # Falcon's newer architecture ignores multi_query; the older one ignores num_kv_heads under it.
    if getattr(config, "multi_query", False) and not getattr(config, "new_decoder_architecture", False):
        return 1
    for name in ("num_key_value_heads", "num_kv_heads"):
        if (count := getattr(config, name, None)) is not None:
            return int(count)
    return n_heads


def _context(config: Any, architecture: Architecture, tokenizer: PreTrainedTokenizerFast) -> int:
    for name in architecture.context:
        if (length := getattr(config, name, None)) is not None:
            return int(length) - (int(config.pad_token_id) + 1 if architecture.positions_after_padding else 0)
    # Relative positions have no end; what the tokenizer was made for is what the model has seen.
    return min(int(tokenizer.model_max_length), UNBOUNDED_CONTEXT)


def _unreachable(architecture: Architecture, has_head: bool) -> dict[str, str]:
    reasons = architecture.unreachable()
    if not has_head:
        reasons.setdefault("logits", "This model has no language-model head.")
    return reasons
