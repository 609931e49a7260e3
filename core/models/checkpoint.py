"""What a checkpoint folder holds, found out without importing torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import SurgeryError
from core.models.architectures import ARCHITECTURES
from core.models.library_families import library_class
from core.models.weight_files import Weights, find_weights, read_json

if TYPE_CHECKING:
    from pathlib import Path

TOKENIZER_FILES = (
    ("tokenizer.json",),
    ("vocab.json", "merges.txt"),
    ("vocab.txt",),
    ("tokenizer.model",),
    ("spiece.model",),
    ("sentencepiece.bpe.model",),
)
TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
STORED_BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
WELL_KNOWN = ("gpt2", "gpt_neox", "llama", "mistral", "qwen2", "gemma2", "bert", "roberta", "t5")
QUANTISED_ENTRIES = ("quantization_config", "compression_config")
# Older quantised checkpoints say it in a file of their own; their tensors tell it all the same.
QUANTISED_NAMES = (".qweight", ".weight_packed", ".weight_scale", ".absmax", ".SCB")
# As Architecture.accepted, for every family.
ACCEPTED: dict[str, tuple[Any, ...]] = {
    "add_cross_attention": (False,),
    "is_encoder_decoder": (False,),
    "per_layer_config": ({},),
}


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint folder whose files are whole.

    Attributes
    ----------
    folder : Path
    config : mapping
        What config.json says.
    family : str
        Its model_type.
    architectures : tuple of str
        The classes it was saved from.
    weights : Weights
    n_parameters : int
        Estimated from the size for ``.bin`` files.
    disk_bytes : int
        Of the weight files.
    """

    folder: Path
    config: Mapping[str, Any]
    family: str
    architectures: tuple[str, ...]
    weights: Weights
    n_parameters: int
    disk_bytes: int


def inspect_checkpoint(folder: Path) -> Checkpoint:
    """Return what a folder holds, if this application can open it.

    Raises
    ------
    SurgeryError
        If the folder is no checkpoint, a file is damaged or missing, the family is not supported,
        or there is no tokenizer.
    """
    checkpoint = read_checkpoint(folder)
    require_supported(checkpoint.config)
    if any(name.endswith(QUANTISED_NAMES) for name in checkpoint.weights.names or ()):
        raise _quantised()
    if not has_tokenizer(folder):
        raise SurgeryError(
            f"The folder {folder} has no tokenizer.",
            "Put the model's tokenizer.json beside its config.json.",
        )
    return checkpoint


def read_checkpoint(folder: Path) -> Checkpoint:
    """Return what a folder holds, whether it can be opened or not.

    Raises
    ------
    SurgeryError
        If the folder is no checkpoint, or a file is damaged or missing.
    """
    config = read_config(folder)
    weights = find_weights(folder)
    n_bytes = weights.n_bytes
    stored = config.get("dtype") or config.get("torch_dtype")
    estimate = n_bytes // STORED_BYTES.get(str(stored).removeprefix("torch."), 4)
    architectures = config.get("architectures")
    return Checkpoint(
        folder=folder,
        config=config,
        family=str(config["model_type"]),
        architectures=tuple(map(str, architectures)) if isinstance(architectures, list) else (),
        weights=weights,
        n_parameters=estimate if weights.n_parameters is None else weights.n_parameters,
        disk_bytes=n_bytes,
    )


def read_config(folder: Path) -> dict[str, Any]:
    """Return the config.json of a folder.

    Raises
    ------
    SurgeryError
        If the folder is no checkpoint, or the file is broken.
    """
    if not folder.exists():
        raise SurgeryError(f"There is no folder {folder}.", "Check the spelling of the path.")
    if not folder.is_dir():
        raise SurgeryError(f"{folder} is a file, not a checkpoint folder.", f"Try the folder {folder.parent}.")
    try:
        names = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise SurgeryError(
            f"The folder {folder} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    if not names:
        raise SurgeryError(f"The folder {folder} is empty.", "Choose a folder with config.json and model.safetensors.")
    if "config.json" not in names:
        if "adapter_config.json" in names:
            raise SurgeryError(
                f"The folder {folder} holds an adapter, not a whole model.", "Merge it into its base model first."
            )
        raise SurgeryError(
            f"The folder {folder} is no checkpoint: it has no config.json.",
            "Choose the folder with config.json and model.safetensors.",
        )
    config = read_json(folder / "config.json")
    if not isinstance(config.get("model_type"), str) or not config["model_type"]:
        raise SurgeryError(f"The file {folder / 'config.json'} names no model_type.", f"Known ones: {_families()}.")
    return config


def require_supported(config: Mapping[str, Any]) -> None:
    """Refuse a configuration this application cannot open.

    Raises
    ------
    SurgeryError
        If the family is not supported, needs program code of its own, is quantised, or a variant
        computes something else than the family's table describes.
    """
    family = str(config.get("model_type"))
    if not is_described(config):
        _require_triable(config)
    if any(config.get(name) for name in QUANTISED_ENTRIES):
        raise _quantised()
    own = ARCHITECTURES[family].accepted if is_described(config) else {}
    for name, accepted in (ACCEPTED | own).items():
        value = _entry(config, name)
        if value is not None and value not in accepted:
            raise SurgeryError(
                f"The checkpoint is a variant of {family} that is not supported: it has {name} = {value!r}.",
                f"Choose a model with {name} = {accepted[0]!r}.",
            )


def _entry(config: Mapping[str, Any], name: str) -> Any:
    """Return an entry of a configuration, or one of a part of it under a dotted name; None if absent."""
    first, _, rest = name.partition(".")
    value = config.get(first)
    if not rest:
        return value
    return _entry(value, rest) if isinstance(value, Mapping) else None


def is_described(config: Mapping[str, Any]) -> bool:
    """Return whether somebody has written the table of a configuration's family."""
    return str(config.get("model_type")) in ARCHITECTURES


def _require_triable(config: Mapping[str, Any]) -> None:
    """Refuse a family without a table that cannot be tried by looking at its network either."""
    family, hint = str(config.get("model_type")), f"Supported families: {_families()}."
    if library_class(config) is None:
        if config.get("auto_map"):
            raise SurgeryError(
                f"The model {family!r} needs program code that comes with it, which is never run here.", hint
            )
        raise SurgeryError(f"The family {family!r} is not supported yet.", hint)
    if any(isinstance(value, dict) and "model_type" in value for value in config.values()):
        raise SurgeryError(f"A model of the family {family!r} is made of several networks, not of one.", hint)
    if not any("head" in name for name in config):
        raise SurgeryError(f"The family {family!r} has no attention heads, and cannot be operated on.", hint)


def has_tokenizer(folder: Path) -> bool:
    """Return whether a folder holds the files of a tokenizer of any kind."""
    return any(all((folder / name).is_file() for name in names) for names in TOKENIZER_FILES)


def _quantised() -> SurgeryError:
    return SurgeryError("The checkpoint is quantised.", "Get the model in float32, float16 or bfloat16.")


def _families() -> str:
    return f"{', '.join(WELL_KNOWN)} and {len(ARCHITECTURES) - len(WELL_KNOWN)} more"
