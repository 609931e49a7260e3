"""The clock that everything is measured with."""

from __future__ import annotations

import time
from collections.abc import Callable


def now() -> float:
    """Return seconds: of the clock on the wall, or of the processor where one thread computes.

    What a single thread takes of the processor hardly depends on what else the machine does; with
    several threads that wait for one another it says nothing. A GPU that is used is waited for first:
    it goes on by itself when the processor has told it what to do.
    """
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
    return time.process_time() if is_of_processor() else time.perf_counter()


def is_of_processor() -> bool:
    """Return whether the clock is that of the processor."""
    import torch

    return torch.get_num_threads() == 1 and not torch.cuda.is_initialized()  # type: ignore[no-untyped-call]


def seconds(do: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = now()
    do()
    return now() - started
