"""The clock that everything is measured with."""

from __future__ import annotations

import time
from collections.abc import Callable


def now() -> float:
    """Return seconds: of the clock on the wall, or of the processor where one thread computes.

    What a single thread takes of the processor hardly depends on what else the machine does; with
    several threads that wait for one another it says nothing.
    """
    import torch

    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def seconds(do: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = now()
    do()
    return now() - started
