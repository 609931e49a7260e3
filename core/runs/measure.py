"""From traces to readouts: every registered metric and lens, and the prediction table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.lenses import LENSES
from core.metrics import METRICS
from core.models.tokenizing import token_text
from core.readings.fetch import fetched
from core.readings.reading import DepthView, Reading
from core.runs.average import band_of, mean_curves, mean_number
from core.runs.result import Effect, Prediction, Readouts
from core.runs.trace import unembed

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.readings.values import Curves
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
    if trace.logits is not None and trace.edited is not None and bool(trace.edited[position]):
        logits = logits.clone()  # what was made in inference mode may not be written to
        logits[-1] = fetched(trace.logits[position])[0]
    return Depths(logits, logits.log_softmax(dim=-1))


def overflowed(reading: Reading) -> bool:
    """Return whether a run ended in numbers that are none: there is no order of tokens then."""
    return bool(reading.logits.isnan().any())


@dataclass(frozen=True)
class Measured:
    """What one operated run gave, without the tensors that are as long as the vocabulary.

    Attributes
    ----------
    kl : float or None
    changed, output_changed : bool
        As in `Effect`.
    """

    numbers: Mapping[str, float | int | None]
    curves: Mapping[str, Curves]
    kl: float | None
    changed: bool
    output_changed: bool


class Measurement:
    """Everything that is read out of one clean run and any number of operated ones.

    Parameters
    ----------
    clean : Trace
    clean_depths : Depths or None
    """

    def __init__(self, loaded: LoadedModel, request: RunRequest, clean: Trace, clean_depths: Depths | None) -> None:
        self._loaded = loaded
        self._request = request
        self._clean = clean
        self._clean_depths = clean_depths
        predicts = clean_depths is not None
        self.target = self._target() if predicts else None
        self.versus = request.versus if predicts else None
        self._before = self._reading(clean_depths)
        self._runs: list[Measured] = []
        self._after: Reading | None = None
        self._mean_probs: Tensor | None = None

    def _target(self) -> int:
        if self._request.target is not None:
            return self._request.target
        assert self._clean_depths is not None
        return int(self._clean_depths.logits[-1].argmax())

    def text(self, token: int | None) -> str | None:
        """Return a token's text."""
        return None if token is None else token_text(self._loaded, token)

    def add(self, operated: Trace, by_depth: Depths | None) -> None:
        """Measure one operated run."""
        reading = self._reading(by_depth)
        compared = reading is not None and self._before is not None
        output = operated.residuals[-1] if reading is None else reading.logits
        was = self._clean.residuals[-1] if self._before is None else self._before.logits
        output_changed = not bool((output == was).all())
        self._runs.append(
            Measured(
                numbers=self._numbers(reading),
                curves=self.curves(operated, by_depth),
                kl=METRICS["kl"].compute(reading, self._before) if compared else None,  # type: ignore[arg-type]
                changed=output_changed
                or self._changed_logits(operated)
                or not bool((self._clean.residuals == operated.residuals).all()),
                output_changed=output_changed,
            )
        )
        self._after = reading
        if reading is not None and self._request.repeats > 1:
            probs = reading.log_probs.exp()
            self._mean_probs = probs if self._mean_probs is None else self._mean_probs + probs

    def _changed_logits(self, operated: Trace) -> bool:
        """Return whether logits of any token were changed, those that are not read out too."""
        at_logits = (each for each in self._request.plan if each.receiver is None and each.site.hook_point == "logits")
        return any(each.index not in operated.unchanged for each in at_logits)

    def readouts(self) -> tuple[Readouts, Readouts, Effect]:
        """Return what was measured in the clean and the operated runs, and their difference."""
        after = self._predictive()
        listed = self._listed(self._before, after)
        before = Readouts(
            self._numbers(self._before),
            self.curves(self._clean, self._clean_depths),
            self._top(self._before),
            self._predictions(self._before, sorted(listed)),
        )
        numbers = {key: mean_number(key, [run.numbers[key] for run in self._runs]) for key in self._runs[0].numbers}
        bands = {key: band for key in numbers if (band := band_of([run.numbers[key] for run in self._runs]))}
        operated = Readouts(
            numbers,
            {key: mean_curves([run.curves[key] for run in self._runs]) for key in self._runs[0].curves},
            self._top(after),
            self._predictions(after, sorted(listed)),
            bands,
        )
        return before, operated, self._effect(before, operated)

    def _predictive(self) -> Reading | None:
        """Return the reading that predictions are listed from: over several runs, the mean probability."""
        if self._mean_probs is None or self._after is None:
            return self._after
        log_probs = (self._mean_probs / len(self._runs)).log()
        return Reading(log_probs, log_probs, self._after.target, self._after.versus)

    def _reading(self, depths: Depths | None) -> Reading | None:
        if depths is None or self.target is None:
            return None
        return Reading(depths.logits[-1], depths.log_probs[-1], self.target, self.versus)

    def _numbers(self, reading: Reading | None) -> dict[str, float | int | None]:
        clean = self._before
        return {
            metric.key: None if reading is None or clean is None else metric.compute(reading, clean)
            for metric in METRICS
            if not metric.compares
        }

    def curves(self, trace: Trace, by_depth: Depths | None) -> dict[str, Curves]:
        """Return what every lens makes of a run, or of some depths of one."""
        view = DepthView(
            residuals=trace.residuals,
            pairs=self._request.pairs,
            log_probs=None if by_depth is None else by_depth.log_probs,
            target=self.target,
            target_text=self.text(self.target) or "",
        )
        return {lens.key: found for lens in LENSES if (found := lens.compute(view)) is not None}

    def _top(self, reading: Reading | None) -> tuple[Prediction, ...]:
        if reading is None or overflowed(reading):
            return ()
        return self._predictions(reading, reading.logits.topk(self._top_k(reading)).indices.tolist())

    def _top_k(self, reading: Reading) -> int:
        return min(self._request.top_k, len(reading.logits))

    def _listed(self, clean: Reading | None, operated: Reading | None) -> set[int]:
        if clean is None or operated is None:
            return set()
        listed = {clean.target} | ({clean.versus} if clean.versus is not None else set())
        for reading in (each for each in (clean, operated) if not overflowed(each)):
            listed.update(reading.logits.topk(self._top_k(reading)).indices.tolist())
        return listed

    def _predictions(self, reading: Reading | None, ids: Iterable[int]) -> tuple[Prediction, ...]:
        if reading is None or overflowed(reading):
            return ()
        made = []
        for token in ids:
            log_prob = float(reading.log_probs[token])
            rank = 1 + int((reading.logits > reading.logits[token]).sum())
            prob = float(reading.log_probs[token].exp())
            made.append(Prediction(token, token_text(self._loaded, token), log_prob, prob, rank))
        return tuple(made)

    def _effect(self, before: Readouts, after: Readouts) -> Effect:
        def change(key: str) -> float | None:
            a, b = before.numbers[key], after.numbers[key]
            return None if a is None or b is None else b - a

        return Effect(
            change("log_prob"),
            change("logit_difference"),
            mean_number("kl", [run.kl for run in self._runs]),
            any(run.changed for run in self._runs),
            any(run.output_changed for run in self._runs),
        )
