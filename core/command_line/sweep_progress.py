"""How far a sweep has come, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.runs.sweep_result import SweepProgress, SweepStarted
from core.runs.sweep_words import duration

if TYPE_CHECKING:
    from core.runs.sweep_result import SweepEvent

# Where nobody looks on, long sweeps leave a line now and then.
PAUSE_SEEN, PAUSE_LOGGED = 0.1, 10.0


class Shown:
    """Tells of a sweep: one line that changes where somebody looks on, else a new one every ten seconds."""

    def __init__(self) -> None:
        self._seen = sys.stderr.isatty()
        self._pause = PAUSE_SEEN if self._seen else PAUSE_LOGGED
        self._last = time.perf_counter()
        self._cells = 0

    def tell(self, event: SweepEvent) -> None:
        """Tell of an event, if it says how far it is and the last one was told long enough ago."""
        if isinstance(event, SweepStarted):
            self._cells = len(event.result.request.cells)
            seconds = event.cost.seconds
            if seconds is not None and (self._seen or seconds >= PAUSE_LOGGED):
                self._say(f"{event.cost.cells} cells, {duration(seconds)}")
        now = time.perf_counter()
        if isinstance(event, SweepProgress) and now - self._last >= self._pause:
            self._last = now
            left = duration(event.seconds_left)
            self._say(f"{event.work:.0%}, {event.done} of {self._cells} cells, {left} left")

    def _say(self, text: str) -> None:
        sys.stderr.write(f"\r\033[K{text}" if self._seen else f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._seen:
            sys.stderr.write("\r\033[K")


@contextmanager
def shown() -> Iterator[Shown]:
    """Tell of a sweep within a ``with`` block."""
    made = Shown()
    try:
        yield made
    finally:
        made.end()
