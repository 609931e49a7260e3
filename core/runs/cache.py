"""What is kept from run to run, under a stated budget. Lives on the model thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from core.runs.events import RunsKept

if TYPE_CHECKING:
    from torch import Tensor

    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from core.runs.tape import Tape
    from core.sites.site import Site

CaptureKey = tuple[str, tuple[tuple[int, ...], ...], "Site"]
CleanKey = tuple[str, tuple[int, ...]]
# The window and the README state them.
TAPE_BYTES, MOST_RESULTS = 256 * 10**6, 128


class RunCache:
    """Clean runs, activations and results of recent requests; the least recently used go first.

    Parameters
    ----------
    tape_bytes : int
        Memory that clean runs may take together, and again captured activations.
    results : int
        How many results are kept.
    """

    def __init__(self, tape_bytes: int = TAPE_BYTES, results: int = MOST_RESULTS) -> None:
        self._tape_bytes = tape_bytes
        self._most_results = results
        self._tapes: OrderedDict[CleanKey, Tape] = OrderedDict()
        self._captured: OrderedDict[CaptureKey, list[Tensor]] = OrderedDict()
        self._transplanted: OrderedDict[Hashable, tuple[Tensor, str]] = OrderedDict()
        self._results: OrderedDict[RunRequest, RunResult] = OrderedDict()

    def clean_tape(self, model: str, ids: tuple[int, ...]) -> Tape | None:
        """Return the clean run of a prompt, if it is kept."""
        key = (model, ids)
        if key not in self._tapes:
            return None
        self._tapes.move_to_end(key)
        return self._tapes[key]

    def keep_clean_tape(self, model: str, tape: Tape) -> None:
        """Keep the clean run of a prompt."""
        self._tapes[model, tape.ids] = tape
        while len(self._tapes) > 1 and self._held_bytes() > self._tape_bytes:
            self._tapes.popitem(last=False)

    def _held_bytes(self) -> int:
        return sum(tape.nbytes for tape in self._tapes.values())

    def captured(self, model: str, prompts: Sequence[tuple[int, ...]], site: Site) -> list[Tensor] | None:
        """Return a site's clean activation [token, width] in each prompt, if it is kept."""
        key = (model, tuple(prompts), site)
        if key not in self._captured:
            return None
        self._captured.move_to_end(key)
        return self._captured[key]

    def keep_captured(self, model: str, prompts: Sequence[tuple[int, ...]], site: Site, rows: list[Tensor]) -> None:
        """Keep a site's clean activation in each prompt."""
        self._captured[model, tuple(prompts), site] = rows
        while len(self._captured) > 1 and self._captured_bytes() > self._tape_bytes:
            self._captured.popitem(last=False)

    def _captured_bytes(self) -> int:
        return sum(row.nbytes for rows in self._captured.values() for row in rows)

    def transplanted(self, key: Hashable) -> tuple[Tensor, str] | None:
        """Return what was put in by a transplant and how well its map fits, if it is kept."""
        return self._transplanted.get(key)

    def keep_transplanted(self, key: Hashable, found: tuple[Tensor, str]) -> None:
        """Keep what a transplant puts in: a map takes long to fit."""
        self._transplanted[key] = found
        while len(self._transplanted) > self._most_results:
            self._transplanted.popitem(last=False)

    def result(self, request: RunRequest) -> RunResult | None:
        """Return the result of an equal request, if it is kept."""
        if request not in self._results:
            return None
        self._results.move_to_end(request)
        return self._results[request]

    def keep_result(self, result: RunResult) -> None:
        """Keep a result."""
        self._results[result.request] = result
        while len(self._results) > self._most_results:
            self._results.popitem(last=False)

    def kept(self) -> RunsKept:
        """Return how much is kept now."""
        return RunsKept(
            clean_bytes=self._held_bytes(),
            activation_bytes=self._captured_bytes(),
            budget_bytes=self._tape_bytes,
            results=len(self._results),
            most_results=self._most_results,
        )

    def forget(self, model: str) -> None:
        """Let go everything of the model of that identity."""
        self._tapes = OrderedDict((key, trace) for key, trace in self._tapes.items() if key[0] != model)
        self._captured = OrderedDict((key, rows) for key, rows in self._captured.items() if key[0] != model)
        self._results = OrderedDict((key, result) for key, result in self._results.items() if key.model != model)

    def clear(self) -> None:
        """Let everything go."""
        self._tapes.clear()
        self._captured.clear()
        self._transplanted.clear()
        self._results.clear()
