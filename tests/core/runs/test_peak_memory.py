"""The peak of memory rises with what is taken, and does not count what was taken before."""

from __future__ import annotations

import numpy as np
import psutil

from core.runs.peak_memory import PeakMemory, highest_mark

SIZE = 96 * 2**20


def test_that_what_is_taken_meanwhile_counts() -> None:
    watched = PeakMemory("cpu")
    before = psutil.Process().memory_info().rss
    taken = np.ones(SIZE, dtype=np.uint8)
    watched.sample()
    del taken
    assert before + SIZE // 2 < watched.bytes() <= highest_mark()


def test_that_what_was_taken_earlier_does_not_count() -> None:
    taken = np.ones(4 * SIZE, dtype=np.uint8)
    assert highest_mark() >= taken.nbytes
    del taken
    mark = highest_mark()
    assert PeakMemory("cpu").bytes() < mark - 2 * SIZE
