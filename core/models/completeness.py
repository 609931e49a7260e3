"""Whether a checkpoint's weights and its network are the same, name by name."""

from __future__ import annotations

import zipfile
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from core.errors import SurgeryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transformers import PreTrainedModel

    from core.models.architecture import Architecture
    from core.models.checkpoint import Checkpoint
    from core.models.weight_files import Weights


def has_head_weights(checkpoint: Checkpoint, architecture: Architecture) -> bool:
    """Return whether the files hold any weight of the language-model head, be it the only one."""
    return any(in_head(name, architecture) for name in _names(checkpoint.weights))


def in_head(name: str, architecture: Architecture) -> bool:
    """Return whether a weight's name is one of the language-model head's."""
    return any(name.startswith(f"{path}.") for path in architecture.head)


def refuse_missing(checkpoint: Checkpoint, missing: Iterable[str]) -> None:
    """Refuse a checkpoint without some of its network's weights, which would be random numbers.

    Raises
    ------
    SurgeryError
        If any is missing.
    """
    if names := sorted(missing):
        raise SurgeryError(
            f"The checkpoint {checkpoint.folder} has no weights for {_first_of(names)}.",
            "Get the complete model; missing weights are never made up here.",
        )


def refuse_unused(architecture: Architecture, network: PreTrainedModel, unused: Iterable[str], has_head: bool) -> None:
    """Refuse a checkpoint with weights that belong into the network but have no place there.

    It would be another model than the one that was trained: with fewer blocks, or without its
    biases. Heads of other tasks stand beside the network and may be left out.

    Raises
    ------
    SurgeryError
        If there are such weights.
    """
    prefix = f"{network.base_model_prefix}."
    parts = {name for name, _ in network.base_model.named_children()}

    def belongs(name: str) -> bool:
        below = name.removeprefix(prefix)
        if below != name or below.split(".")[0] in parts:
            return not any(fnmatchcase(below, pattern) for pattern in architecture.leftovers)
        return has_head and in_head(name, architecture)

    if names := sorted(filter(belongs, unused)):
        raise SurgeryError(
            f"The checkpoint holds weights that its configuration does not use, such as {_first_of(names)}.",
            f"Its config.json belongs to another model, or it is no {architecture.label}; get both files again.",
        )


def _first_of(names: list[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _names(weights: Weights) -> set[str]:
    if weights.names is not None:
        return set(weights.names)
    import torch

    names: set[str] = set()
    for file in weights.files:
        # Only the table: the numbers stay in the file, where its format allows that.
        table = torch.load(file, map_location="meta", weights_only=True, mmap=zipfile.is_zipfile(file))
        names |= {str(name) for name in table}
    return names
