"""Memory that runs out during a forward pass, as one sentence that says what would fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.models.memory import OutOfMemory, after_running_out, is_out_of_memory

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache


@contextmanager
def running_out_told(loaded: LoadedModel, cache: RunCache, what: str) -> Iterator[None]:
    """Turn the errors of allocators into one of ours, and let go what is kept.

    Parameters
    ----------
    what : str
        What there was no memory for, such as ``"this run"``.

    Raises
    ------
    OutOfMemory
        If the device has no memory left.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        cache.clear()
        raise OutOfMemory(
            f"There is no memory left on {loaded.info.device} for {what}.", after_running_out(loaded.info)
        ) from error
