"""What is kept from run to run, under a stated budget. Lives on the model thread."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from core.runs.request import RunRequest
    from core.runs.result import RunResult
    from core.runs.trace import Trace
    from core.sites.site import Site

CaptureKey = tuple[str, tuple[tuple[int, ...], ...], "Site"]
CleanKey = tuple[str, tuple[int, ...]]


class RunCache:
    """Clean traces, activations and results of recent requests; the least recently used go first.

    Parameters
    ----------
    trace_bytes : int
        Memory that clean traces may take together, and again captured activations.
    results : int
        How many results are kept.
    """

    def __init__(self, trace_bytes: int = 256 * 2**20, results: int = 128) -> None:
        self._trace_bytes = trace_bytes
        self._most_results = results
        self._traces: OrderedDict[CleanKey, Trace] = OrderedDict()
        self._captured: OrderedDict[CaptureKey, list[Tensor]] = OrderedDict()
        self._transplanted: OrderedDict[Hashable, tuple[Tensor, str]] = OrderedDict()
        self._results: OrderedDict[RunRequest, RunResult] = OrderedDict()

    def clean_trace(self, request: RunRequest) -> Trace | None:
        """Return the clean trace of a request's model and prompt, if it is kept."""
        key = (request.model, request.ids)
        if key not in self._traces:
            return None
        self._traces.move_to_end(key)
        return self._traces[key]

    def keep_clean_trace(self, request: RunRequest, trace: Trace) -> None:
        """Keep the clean trace of a request's model and prompt."""
        self._traces[(request.model, request.ids)] = trace
        while len(self._traces) > 1 and self._held_bytes() > self._trace_bytes:
            self._traces.popitem(last=False)

    def _held_bytes(self) -> int:
        return sum(trace.residuals.nbytes for trace in self._traces.values())

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
        while len(self._captured) > 1 and self._captured_bytes() > self._trace_bytes:
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

    def forget(self, model: str) -> None:
        """Let go everything of the model of that identity."""
        self._traces = OrderedDict((key, trace) for key, trace in self._traces.items() if key[0] != model)
        self._captured = OrderedDict((key, rows) for key, rows in self._captured.items() if key[0] != model)
        self._results = OrderedDict((key, result) for key, result in self._results.items() if key.model != model)

    def clear(self) -> None:
        """Let everything go."""
        self._traces.clear()
        self._captured.clear()
        self._transplanted.clear()
        self._results.clear()
