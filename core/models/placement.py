"""Whether a model goes to one device, or is spread over the GPUs and the main memory."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from core.models.memory import DoesNotFit, check_fits, free_bytes, needed_bytes

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from core.models.checkpoint import Checkpoint

INSTALL = "pip install accelerate"


def needs_spreading(checkpoint: Checkpoint, dtype: str, device: str) -> bool:
    """Return whether a model is too large for its GPU, but not for all GPUs and the main memory together.

    Raises
    ------
    DoesNotFit
        If it fits nowhere, or if the package that spreads models is not installed.
    """
    try:
        check_fits(checkpoint, dtype, device)
    except DoesNotFit as refused:
        if not device.startswith("cuda") or needed_bytes(checkpoint, dtype) > _room():
            raise
        if not has_accelerate():
            hint = f"{refused.hint} To spread it over GPU and main memory, install accelerate: {INSTALL}"
            raise DoesNotFit(refused.message, hint) from None
        return True
    return False


def has_accelerate() -> bool:
    """Return whether the optional package is installed; it is not imported."""
    return find_spec("accelerate") is not None


def first_device(network: PreTrainedModel) -> str:
    """Return the device that a spread network takes its tokens on: its first GPU.

    What stands in the main memory is brought to a GPU whenever it is its turn.
    """
    places = _places(network)
    return next((place for place in places if place.startswith("cuda")), places[0])


def spread_note(network: PreTrainedModel) -> str:
    """Return a sentence on where the parts of a spread network are."""
    return f"The model is too large for one device and is spread over {', '.join(_places(network))}."


def _places(network: PreTrainedModel) -> list[str]:
    found: Any = network.hf_device_map
    return list(dict.fromkeys(f"cuda:{place}" if isinstance(place, int) else str(place) for place in found.values()))


def _room() -> int:
    import torch

    return free_bytes("cpu") + sum(free_bytes(f"cuda:{number}") for number in range(torch.cuda.device_count()))
