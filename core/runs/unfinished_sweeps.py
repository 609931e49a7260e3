"""Sweeps that were left off, kept from one start of the program to the next. Lives on the model thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.runs.sweep_file import save_cells, saved_cells
from core.runs.sweep_result import SweepFinished, SweepPart, SweepStarted

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.sweep_request import SweepRequest
    from core.runs.sweep_result import SavedCells, SweepResult

log = logging.getLogger(__name__)

MOST = 8
ENDING = ".cells"
# How much of a long sweep a kill of the program can cost.
EVERY_S = 10.0
# What was being written when the program was killed; another program may be writing right now.
STALE_S = 3600.0


class UnfinishedSweeps:
    """Files of cells that are done, one for each request; the oldest go first.

    What goes wrong with a file is no reason to stop: then there is nothing to go on from.

    Parameters
    ----------
    folder : Path or None
        Made when it is needed; None keeps nothing.
    clock : callable
        Returns seconds.
    """

    def __init__(self, folder: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock

    def find(self, request: SweepRequest) -> SavedCells | None:
        """Return what is kept of a request; a file that cannot be used is taken away."""
        path = self._path(request)
        if path is None:
            return None
        try:
            found = saved_cells(request, path)
            if found is None or found.done.shape == (len(request.cells),):
                return found
        except (SurgeryError, KeyError, TypeError, ValueError):
            pass
        self._take_away(path)
        return None

    @contextmanager
    def following(self) -> Iterator[Callable[[object], None]]:
        """Keep what is done of a sweep that is left off within a ``with`` block, and nothing of one that ends.

        What is done is written now and then on the way, so that a kill costs little.

        Yields
        ------
        callable
            Is shown every event; those of estimates and of no sweep are passed over.
        """
        begun: SweepResult | None = None
        ended: SweepRequest | None = None  # the file goes only when this was told
        parts: list[SweepPart] = []
        written = self._clock()

        def keep() -> None:
            nonlocal begun, written
            written = self._clock()
            if begun is not None and parts:
                for part in parts:
                    begun = begun.with_part(part)
                parts.clear()
                self._keep(begun)

        def see(event: object) -> None:
            nonlocal begun, ended
            if isinstance(event, SweepStarted):
                begun = event.result if event.result.request.method != "screen" else None
            elif isinstance(event, SweepPart) and begun is not None:
                parts.append(event)
                if self._clock() - written >= EVERY_S:
                    keep()
            elif isinstance(event, SweepFinished):
                ended = event.result.request

        try:
            yield see
            if ended is not None:
                begun = None
                self._take_away(self._path(ended))
        finally:
            keep()

    def _keep(self, result: SweepResult) -> None:
        path = self._path(result.request)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_cells(result, path)
            kept = sorted(path.parent.glob(f"*{ENDING}"), key=lambda each: each.stat().st_mtime_ns)
            for older in kept[:-MOST]:
                self._take_away(older)
            for broken in path.parent.glob(f"*{ENDING}*.new"):
                if time.time() - broken.stat().st_mtime > STALE_S:
                    self._take_away(broken)
        except OSError:
            log.debug("an unfinished sweep cannot be kept", exc_info=True)

    def _path(self, request: SweepRequest) -> Path | None:
        from core.runs.execute import direction_kinds  # brings the engine along, which the window does without

        # A direction's file, or an autoencoder, can be another one by the time the sweep is taken up.
        if self._folder is None or direction_kinds(request.as_run()) & {"file", "feature"}:
            return None
        return self._folder / f"{request.digest}{ENDING}"

    def _take_away(self, path: Path | None) -> None:
        if path is not None:
            with suppress(OSError):
                path.unlink(missing_ok=True)
