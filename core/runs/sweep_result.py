"""What a sweep answers, and what it tells on its way: frozen values and numpy arrays, nothing of torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.runs.events import DonorTokens, Progress, Resolved, TokensReady

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.models.info import ModelInfo
    from core.runs.result import Readouts, SweepReuse
    from core.runs.sweep_request import Method, SweepRequest
    from core.text.tokens import Tokens

NUMBERS = ("log_prob", "d_log_prob", "logit_difference", "d_logit_difference", "kl")
COUNTS = ("seconds", "counted", "row_layers")


@dataclass(frozen=True)
class SweepPart:
    """Cells that are done.

    Attributes
    ----------
    cells : tuple of int
        Their numbers in the request.
    log_prob, d_log_prob, logit_difference, d_logit_difference, kl : ndarray of float64, shape [cell], or None
        In nats, ``d_`` the change from the clean run; None where nothing is predicted, or compared.
    cosine : ndarray of float64, shape [cell, pair, n_layers + 1]
    seconds : float
        Time of the sweep until then, also before it was resumed.
    counted, row_layers : int
        As in `SweepResult`, until then.
    """

    cells: tuple[int, ...]
    log_prob: NDArray[np.float64] | None
    d_log_prob: NDArray[np.float64] | None
    logit_difference: NDArray[np.float64] | None
    d_logit_difference: NDArray[np.float64] | None
    kl: NDArray[np.float64] | None
    cosine: NDArray[np.float64]
    seconds: float = 0.0
    counted: int = 0
    row_layers: int = 0


@dataclass(frozen=True)
class Checked:
    """How far cells in bf16 were from exact runs of the same cells: what was found, which proves nothing of others.

    Attributes
    ----------
    cells : tuple of int
        Which were run again; those with the largest effects are among them.
    log_prob, logit_difference, kl, cosine : float or None
        The largest error, in nats or in cosine at any depth; None where there is no such readout.
    """

    cells: tuple[int, ...]
    log_prob: float | None
    logit_difference: float | None
    kl: float | None
    cosine: float | None


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """The answer to a SweepRequest, or the part of it that is there.

    Attributes
    ----------
    target, versus : int or None
        Token ids that were measured; the target is filled in when the request had none.
    target_text, versus_text : str or None
    clean : Readouts
        Of the clean run.
    done : ndarray of bool, shape [cell]
    log_prob, d_log_prob, logit_difference, d_logit_difference, kl : ndarray of float64, shape [cell], or None
        As in `SweepPart`; NaN where a cell is not done.
    cosine : ndarray of float64, shape [cell, pair, n_layers + 1]
    seconds : float
        Time of all that was computed, also before the sweep was resumed.
    reuse : SweepReuse or None
        What was taken from the clean run; None of estimates.
    counted, row_layers : int
        How many rows of how many layers the engine ran for so many of the cells that are done, all
        added up. The clean run that goes along with them counts, the one beforehand and what is run
        to check cells in bf16 do not.
    bf16 : bool
        Whether any of the cells were computed with products of differences in bf16.
    checked : Checked or None
        How far those are from exact runs; None before the sweep is complete.
    peak_memory_bytes : int
        Of the process, or of the device where that is another; see `PeakMemory`.
    remarks : tuple of str
        What should stand beside the figures, each once.
    """

    request: SweepRequest
    model: ModelInfo
    tokens: Tokens
    target: int | None
    versus: int | None
    target_text: str | None
    versus_text: str | None
    clean: Readouts
    done: NDArray[np.bool_]
    log_prob: NDArray[np.float64] | None
    d_log_prob: NDArray[np.float64] | None
    logit_difference: NDArray[np.float64] | None
    d_logit_difference: NDArray[np.float64] | None
    kl: NDArray[np.float64] | None
    cosine: NDArray[np.float64]
    seconds: float = 0.0
    reuse: SweepReuse | None = None
    counted: int = 0
    row_layers: int = 0
    bf16: bool = False
    checked: Checked | None = None
    peak_memory_bytes: int = 0
    remarks: tuple[str, ...] = ()

    @property
    def method(self) -> Method:
        """How the cells were computed, whatever was asked for."""
        asked = self.request.method
        return "exact" if asked == "bf16" and not self.bf16 else asked

    @property
    def is_complete(self) -> bool:
        """Whether every cell is done."""
        return bool(self.done.all())

    @property
    def full_row_layers(self) -> int:
        """How many row-layers full passes of the cells that are counted would have been."""
        return self.counted * len(self.request.ids) * self.model.n_layers

    @property
    def finite(self) -> bool:
        """Whether the cells that are done are all numbers; a run can overflow."""
        # What is no number at one depth is none at the last; a screen knows no other.
        kept = [self.cosine[..., -1], *([] if self.log_prob is None else [self.log_prob])]
        return all(bool(np.isfinite(each[self.done]).all()) for each in kept)

    @property
    def clean_cosine(self) -> NDArray[np.float64]:
        """The pairs' similarities in the clean run, [pair, n_layers + 1]."""
        curves = self.clean.curves.get("cosine")
        return np.zeros((0, self.model.n_layers + 1)) if curves is None else curves.values

    def with_part(self, part: SweepPart) -> SweepResult:
        """Return the result with some more cells done."""
        found = self._with(list(part.cells), {name: getattr(part, name) for name in ("cosine", *NUMBERS)})
        # What is counted only grows; a part made without counting leaves it as it is.
        largest = {name: max(getattr(self, name), getattr(part, name)) for name in COUNTS}
        return replace(found, **largest)

    def resumed(self, earlier: SweepResult | SavedCells) -> SweepResult:
        """Return the result with the cells that an earlier sweep of the same request has done."""
        chosen = np.flatnonzero(earlier.done)
        found = {
            name: None if (values := getattr(earlier, name)) is None else values[chosen]
            for name in ("cosine", *NUMBERS)
        }
        counts = {name: getattr(earlier, name) for name in COUNTS}
        return replace(self._with(chosen.tolist(), found), **counts, bf16=self.bf16 or earlier.bf16)

    def _with(self, cells: list[int], found: dict[str, NDArray[np.float64] | None]) -> SweepResult:
        changed: dict[str, Any] = {}
        for name, values in {"done": np.ones(len(cells), dtype=bool), **found}.items():
            if values is not None:
                changed[name] = getattr(self, name).copy()
                changed[name][cells] = values
                changed[name].setflags(write=False)
        return replace(self, **changed)


@dataclass(frozen=True, kw_only=True)
class SavedCells:
    """What is kept of a sweep that was not finished; arrays as in `SweepResult`."""

    done: NDArray[np.bool_]
    log_prob: NDArray[np.float64] | None
    d_log_prob: NDArray[np.float64] | None
    logit_difference: NDArray[np.float64] | None
    d_logit_difference: NDArray[np.float64] | None
    kl: NDArray[np.float64] | None
    cosine: NDArray[np.float64]
    seconds: float
    counted: int = 0
    row_layers: int = 0
    bf16: bool = False


@dataclass(frozen=True)
class Cost:
    """What a sweep is going to take.

    Attributes
    ----------
    cells : int
        How many are left to do.
    seconds : float or None
        Estimated from the time that one layer took; None where nothing was timed.
    why_not_bf16 : str
        Why products of differences in bf16 are no help here; empty where they are one.
    """

    cells: int
    seconds: float | None
    why_not_bf16: str = ""


@dataclass(frozen=True)
class SweepStarted:
    """A sweep begins; ``result`` holds what was done before."""

    result: SweepResult
    cost: Cost


@dataclass(frozen=True)
class SweepProgress:
    """A sweep goes on.

    Attributes
    ----------
    done : int
        How many cells of the request are done.
    work : float
        Share of the arithmetic that is done.
    seconds_left : float
    """

    done: int
    work: float
    seconds_left: float


@dataclass(frozen=True)
class SweepFinished:
    """A sweep is done."""

    result: SweepResult


SweepEvent = TokensReady | DonorTokens | Resolved | Progress | SweepStarted | SweepPart | SweepProgress | SweepFinished
