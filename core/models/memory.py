"""Whether a model fits into memory, said before it is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.progress import in_words

if TYPE_CHECKING:
    from core.models.checkpoint import Checkpoint
    from core.models.info import ModelInfo

OUT_OF_MEMORY = ("out of memory", "allocate memory", "not enough memory", "alloc_failed")
DTYPE_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
# Activations of a short prompt and what the libraries keep for themselves, as a share of the weights.
WORKING_SHARE = 0.1


class OutOfMemory(SurgeryError):
    """The memory of a device ran out."""


class DoesNotFit(OutOfMemory):
    """The memory of a device would run out; nothing was tried."""


def bytes_in(n_parameters: int, dtype: str) -> int:
    """Return the memory for so many weights and for working with them."""
    return round(n_parameters * DTYPE_BYTES[dtype] * (1 + WORKING_SHARE))


def needed_bytes(checkpoint: Checkpoint, dtype: str) -> int:
    """Return the memory a checkpoint needs when loaded as ``dtype``."""
    return bytes_in(checkpoint.n_parameters, dtype)


def free_bytes(device: str) -> int:
    """Return the free memory of a device: of the machine for ``cpu`` and ``mps``, which shares it."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    return int(psutil.virtual_memory().available)


def total_bytes(device: str) -> int:
    """Return the whole memory of a device, free or not."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[1])
    import psutil

    return int(psutil.virtual_memory().total)


def pool_of(device: str) -> str:
    """Return which memory a device uses: ``mps`` shares the machine's."""
    if device.startswith("cuda"):
        return "cuda:0" if device == "cuda" else device
    return "cpu"


def tidy_memory(device: str) -> None:
    """Give back to a device what nobody holds any more."""
    import gc

    gc.collect()
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()


def demands(checkpoint: Checkpoint, dtype: str, device: str) -> tuple[tuple[int, str], ...]:
    """Return how much of which memory a checkpoint needs while it is loaded.

    On its way to a GPU the whole network stands in main memory: the library reads files straight
    to a device only with an extra package.
    """
    needed = (needed_bytes(checkpoint, dtype), pool_of(device))
    return (needed, (checkpoint.n_parameters * DTYPE_BYTES[dtype], "cpu")) if device.startswith("cuda") else (needed,)


def check_fits(checkpoint: Checkpoint, dtype: str, device: str) -> None:
    """Refuse a model that does not fit.

    Raises
    ------
    DoesNotFit
        If less memory is free than the model needs; the hint names what would fit.
    """
    needed, free = needed_bytes(checkpoint, dtype), free_bytes(device)
    if needed > free:
        raise DoesNotFit(
            f"The model needs about {in_words(needed)} in {dtype} but only {in_words(free)} are free on {device}.",
            _what_would_fit(checkpoint, dtype, device, free),
        )
    if device.startswith("cuda"):
        weights, free = checkpoint.n_parameters * DTYPE_BYTES[dtype], free_bytes("cpu")
        if weights > free:
            raise DoesNotFit(
                f"The model passes through the main memory, where it needs about {in_words(weights)} in {dtype} "
                f"but only {in_words(free)} are free.",
                _what_would_fit(checkpoint, dtype, "cpu", free),
            )


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory of some device has run out.

    Each allocator has an error of its own: that of the processor is a bare RuntimeError.
    """
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return not isinstance(error, SurgeryError) and any(words in text for words in OUT_OF_MEMORY)


def after_running_out(info: ModelInfo) -> str:
    """Return what would fit where the memory ran out during a run."""
    if info.dtype == "float32":
        half = in_words(info.n_parameters * DTYPE_BYTES["bfloat16"])
        return f"Use a shorter prompt, or open the model in bfloat16: its weights take {half} there."
    if not info.device.startswith("cpu") and bytes_in(info.n_parameters, info.dtype) <= free_bytes("cpu"):
        return "Use a shorter prompt, or open the model on the device cpu: it fits into the main memory."
    return "Use a shorter prompt, a smaller model, or close other programs."


def _what_would_fit(checkpoint: Checkpoint, dtype: str, device: str, free: int) -> str:
    half = needed_bytes(checkpoint, "bfloat16")
    if dtype == "float32" and half <= free:
        return f"In bfloat16 it needs {in_words(half)} and fits."
    if device != "cpu" and needed_bytes(checkpoint, dtype) <= free_bytes("cpu"):
        return "It fits into the main memory: choose the device cpu."
    return "Close other programs, or choose a smaller model."
