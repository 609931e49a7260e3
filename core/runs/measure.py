"""From traces to readouts: every registered metric and lens, and the prediction table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.lenses import LENSES
from core.metrics import METRICS
from core.models.tokenizing import token_text
from core.readings.reading import DepthView, Reading
from core.runs.result import Effect, Prediction, Readouts
from core.runs.trace import unembed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.runs.request import RunRequest
    from core.runs.trace import Trace


@dataclass(frozen=True)
class Depths:
    """The logit lens at the read position, by depth.

    Attributes
    ----------
    logits, log_probs : Tensor, shape [n_layers + 1, vocab]
        Float64 on the CPU; the last entry is the model's own output.
    """

    logits: Tensor
    log_probs: Tensor


def depths(loaded: LoadedModel, trace: Trace, position: int | None) -> Depths | None:
    """Return the logit lens at a position; None without a head or a position."""
    if loaded.head is None or position is None:
        return None
    logits = unembed(loaded, trace.residuals[:, position])
    return Depths(logits, logits.log_softmax(dim=-1))


def overflowed(reading: Reading) -> bool:
    """Return whether a run ended in numbers that are none: there is no order of tokens then."""
    return bool(reading.logits.isnan().any())


class Measurement:
    """Everything that is read out of one clean and one operated trace.

    Parameters
    ----------
    clean, operated : (Trace, Depths or None)
    """

    def __init__(
        self,
        loaded: LoadedModel,
        request: RunRequest,
        clean: tuple[Trace, Depths | None],
        operated: tuple[Trace, Depths | None],
    ) -> None:
        self._loaded = loaded
        self._request = request
        self._clean = clean
        self._operated = operated
        predicts = clean[1] is not None
        self.target = self._target() if predicts else None
        self.versus = request.versus if predicts else None

    def _target(self) -> int:
        if self._request.target is not None:
            return self._request.target
        depths = self._clean[1]
        assert depths is not None
        return int(depths.logits[-1].argmax())

    def text(self, token: int | None) -> str | None:
        """Return a token's text."""
        return None if token is None else token_text(self._loaded, token)

    def readouts(self) -> tuple[Readouts, Readouts, Effect]:
        """Return what was measured in the clean and the operated run, and their difference."""
        clean, operated = self._reading(self._clean[1]), self._reading(self._operated[1])
        listed = self._listed(clean, operated)
        sides = (
            self._side(self._clean, clean, clean, listed),
            self._side(self._operated, operated, clean, listed),
        )
        return (*sides, self._effect(*sides, clean, operated))

    def _reading(self, depths: Depths | None) -> Reading | None:
        if depths is None or self.target is None:
            return None
        return Reading(depths.logits[-1], depths.log_probs[-1], self.target, self.versus)

    def _side(
        self, run: tuple[Trace, Depths | None], reading: Reading | None, clean: Reading | None, listed: set[int]
    ) -> Readouts:
        trace, by_depth = run
        numbers: dict[str, float | int | None] = {}
        for metric in METRICS:
            if not metric.compares:
                numbers[metric.key] = None if reading is None or clean is None else metric.compute(reading, clean)
        view = DepthView(
            residuals=trace.residuals,
            pairs=self._request.pairs,
            log_probs=None if by_depth is None else by_depth.log_probs,
            target=self.target,
            target_text=self.text(self.target) or "",
        )
        curves = {lens.key: found for lens in LENSES if (found := lens.compute(view)) is not None}
        if reading is None or overflowed(reading):
            return Readouts(numbers, curves, (), ())
        top = self._predictions(reading, reading.logits.topk(self._top_k(reading)).indices.tolist())
        return Readouts(numbers, curves, top, self._predictions(reading, sorted(listed)))

    def _top_k(self, reading: Reading) -> int:
        return min(self._request.top_k, len(reading.logits))

    def _listed(self, clean: Reading | None, operated: Reading | None) -> set[int]:
        if clean is None or operated is None:
            return set()
        listed = {clean.target} | ({clean.versus} if clean.versus is not None else set())
        for reading in (each for each in (clean, operated) if not overflowed(each)):
            listed.update(reading.logits.topk(self._top_k(reading)).indices.tolist())
        return listed

    def _predictions(self, reading: Reading, ids: Iterable[int]) -> tuple[Prediction, ...]:
        made = []
        for token in ids:
            log_prob = float(reading.log_probs[token])
            rank = 1 + int((reading.logits > reading.logits[token]).sum())
            prob = float(reading.log_probs[token].exp())
            made.append(Prediction(token, token_text(self._loaded, token), log_prob, prob, rank))
        return tuple(made)

    def _effect(self, before: Readouts, after: Readouts, clean: Reading | None, operated: Reading | None) -> Effect:
        def change(key: str) -> float | None:
            a, b = before.numbers[key], after.numbers[key]
            return None if a is None or b is None else b - a

        moved = None if clean is None or operated is None else METRICS["kl"].compute(operated, clean)
        changed = not bool((self._clean[0].residuals == self._operated[0].residuals).all())
        return Effect(change("log_prob"), change("logit_difference"), moved, changed)
