"""The screen: an estimate of every cell of a sweep at once, from two forward passes and one back.

Attribution patching (Nanda 2023; Syed et al. 2023, "Attribution patching outperforms automated circuit
discovery"): the effect of an operation is taken as the gradient of the readout at the site, times what
the operation changes there. The softmax of the attention is where that fails most, since a saturated
one has no gradient: what stands before it is carried through exactly, and linearised at the pattern
(AtP*: Kramár et al. 2024, "AtP*: an efficient and scalable method for localizing LLM behaviour to
components").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.hooks.attention import attention_pattern, attention_scores
from core.runs.batch import one
from core.runs.compile import Change, site_columns
from core.runs.gradients import AttentionSlope, Slope, slopes
from core.runs.trace import answer_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from core.cancel import CancelToken
    from core.hooks.attention import Attended
    from core.interventions.operation import Activation
    from core.models.loaded_model import LoadedModel
    from core.readings.values import Pair
    from core.runs.cell_answers import Wanted
    from core.runs.gradients import Place, Readout, Slopes
    from core.runs.request import ResolvedIncision

BEFORE_THE_SOFTMAX = ("q", "k", "attn_scores")


@dataclass(frozen=True)
class Screened:
    """Estimated changes against the clean run.

    Attributes
    ----------
    log_prob, logit_difference : ndarray of float64, shape [cell], or None
        In nats and logits; None where nothing is predicted, or compared.
    cosine : ndarray of float64, shape [cell, pair]
        At the last layer.
    """

    log_prob: NDArray[np.float64] | None
    logit_difference: NDArray[np.float64] | None
    cosine: NDArray[np.float64]


def screen(
    loaded: LoadedModel,
    ids: Sequence[int],
    cells: Sequence[ResolvedIncision],
    supplies: Sequence[Activation],
    wanted: Wanted,
    cancel: CancelToken,
) -> Screened:
    """Estimate what every cell changes, without running any of them.

    Parameters
    ----------
    cells : sequence of ResolvedIncision
        At any hook point but the logits, and without receivers.
    supplies : sequence of Activation
        For each cell what its operation needs beforehand.

    Raises
    ------
    Cancelled
        If the token was set; asked for before every layer, and before every cell.
    """
    import torch

    predicts = loaded.head is not None and wanted.read_position is not None and wanted.target is not None
    compares = predicts and wanted.versus is not None
    readouts: list[Readout] = [_log_prob(loaded, wanted)] if predicts else []
    readouts += [_logit_difference(loaded, wanted)] if compares else []
    readouts += [_cosine(pair) for pair in wanted.pairs]
    found = np.zeros((len(cells), len(readouts)))
    if readouts and cells:
        by_place: defaultdict[Place, list[int]] = defaultdict(list)
        for number, cell in enumerate(cells):
            by_place[cell.site.hook_point, cell.site.layer or 0].append(number)
        known = slopes(loaded, ids, by_place.keys(), readouts, cancel)
        for place, numbers in by_place.items():
            with torch.inference_mode():
                there, estimated = _estimates_at(known, place), []
                for number in numbers:
                    cancel.check()
                    estimated.append(there.estimate(Change(loaded, cells[number], supplies[number], one(ids))))
                found[numbers] = torch.stack(estimated).double().cpu().numpy()
    return Screened(
        found[:, 0] if predicts else None,
        found[:, 1] if compares else None,
        found[:, len(readouts) - len(wanted.pairs) :],
    )


def rank_correlation(estimate: NDArray[np.float64], exact: NDArray[np.float64]) -> float | None:
    """Return Spearman's rank correlation of estimates and exact values, each of shape [cell].

    None where there is none: of fewer than two cells, or where all of one side are alike. Cells in
    which one of the two is not finite do not count.
    """
    from scipy.stats import spearmanr

    both = np.isfinite(estimate) & np.isfinite(exact)
    estimate, exact = estimate[both], exact[both]
    if len(estimate) < 2 or np.ptp(estimate) == 0 or np.ptp(exact) == 0:
        return None
    return float(spearmanr(estimate, exact).statistic)


def _log_prob(loaded: LoadedModel, wanted: Wanted) -> Readout:
    return lambda last: answer_of(loaded, last[[wanted.read_position]])[0].float().log_softmax(dim=-1)[wanted.target]


def _logit_difference(loaded: LoadedModel, wanted: Wanted) -> Readout:
    def call(last: Tensor) -> Tensor:
        logits = answer_of(loaded, last[[wanted.read_position]])[0].float()
        return logits[wanted.target] - logits[wanted.versus]

    return call


def _cosine(pair: Pair) -> Readout:
    """Return the last hidden states' similarity; 0 where one has no length, and then nothing changes it."""

    def call(last: Tensor) -> Tensor:
        import torch

        return torch.nn.functional.cosine_similarity(last[pair.a].float(), last[pair.b].float(), dim=0)

    return call


class _Linear:
    """Estimates at one hook point of one layer: gradient times change."""

    def __init__(self, slope: Slope) -> None:
        self._slope = slope

    def estimate(self, change: Change) -> Tensor:
        """Return the estimated changes of the readouts [readout] by one cell."""
        value, gradient = self._slope.value, self._slope.gradient
        positions = list(change.incision.positions)
        total = gradient.new_zeros(len(gradient), dtype=gradient.float().dtype)
        for columns, after in _operated(change, value):
            moved = (after - value[:, positions, columns]).float()
            total += (gradient[:, positions, columns].float() * moved).sum(dim=(1, 2))
        return total


class _BeforeTheSoftmax:
    """Estimates at one part that the pattern is made of: that is made anew, and what it changes is linearised."""

    def __init__(self, point: str, slope: AttentionSlope) -> None:
        self._point = point
        self._call = slope.attended
        self._value = _flat(slope.scores() if point == "attn_scores" else getattr(slope.attended, point))
        self._pattern = slope.pattern()
        self._gradient = slope.pattern_gradient()

    def estimate(self, change: Change) -> Tensor:
        """Return the estimated changes of the readouts [readout] by one cell."""
        positions = list(change.incision.positions)
        # A query is a row of the pattern; a key is in all rows.
        rows = list(range(self._value.shape[1])) if self._point == "k" else positions
        heads, sources = self._heads(change.site.head)
        changed = self._value[:, rows]
        for columns, after in _operated(change, self._value):
            changed[:, [rows.index(position) for position in positions], columns] = after
        scores = self._scores(changed, heads, sources, rows)
        call = self._call
        pattern = attention_pattern(scores, _part_of(_mask(call), heads, rows), False, self._options(heads, rows))
        moved = pattern.float() - self._pattern[:, heads][:, :, rows].float()
        return (self._gradient[:, heads][:, :, rows].float() * moved).sum(dim=(1, 2, 3))

    def _scores(self, changed: Tensor, heads: list[int], sources: list[int], rows: list[int]) -> Tensor:
        """Return the scores of some heads and rows, of the changed part [1, row, heads * width]."""
        call, options = self._call, self._options(heads, rows)
        n_heads = call.k.shape[1] if self._point == "k" else call.q.shape[1]
        part = changed.view(*changed.shape[:2], n_heads, -1).transpose(1, 2)
        if self._point == "attn_scores":
            return part[:, heads]
        if self._point == "q":
            return attention_scores(part[:, heads], call.k[:, sources], options)
        return attention_scores(call.q[:, heads], part[:, sources], options)

    def _options(self, heads: list[int], rows: list[int]) -> dict[str, Any]:
        options = {name: _part_of(value, heads, rows) for name, value in self._call.options.items()}
        if options.get("s_aux") is not None:
            options["s_aux"] = options["s_aux"].reshape(-1)[heads]
        return options

    def _heads(self, head: int | None) -> tuple[list[int], list[int]]:
        """Return the query heads that a site concerns, and the key heads they look at."""
        n_heads, n_sources = self._call.q.shape[1], self._call.k.shape[1]
        group = n_heads // n_sources
        if head is None:
            return list(range(n_heads)), list(range(n_sources))
        if self._point == "k":
            return list(range(head * group, (head + 1) * group)), [head]
        return [head], [head // group]


def _estimates_at(known: Slopes, place: Place) -> _Linear | _BeforeTheSoftmax:
    if place in known.places:
        return _Linear(known.places[place])
    point, layer = place
    slope = known.attention[layer]
    if point in BEFORE_THE_SOFTMAX:
        return _BeforeTheSoftmax(point, slope)
    if point == "v":
        return _Linear(Slope(_flat(slope.attended.v), _flat(slope.v_gradient)))
    return _Linear(Slope(_flat(slope.pattern()), _flat(slope.pattern_gradient())))


def _operated(change: Change, value: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Return what a change makes of its columns of an activation [1, token, width], at the chosen tokens."""
    for number, columns in enumerate(site_columns(change.site, change.info, value.shape[-1])):
        yield columns, change.applied(value[:, :, columns], number)


def _flat(x: Tensor) -> Tensor:
    """Return [batch, head, token, width] as [batch, token, heads * width]."""
    return x.transpose(1, 2).flatten(2)


def _mask(call: Attended) -> Tensor | None:
    """Return what hides tokens, also where the library's function would hide them by itself."""
    import torch

    if call.mask is not None or not call.causal:
        return call.mask
    n_queries, n_keys = call.q.shape[2], call.k.shape[2]
    visible = torch.ones(n_queries, n_keys, dtype=torch.bool, device=call.q.device)
    return visible.tril(n_keys - n_queries)[None, None]


def _part_of(value: Any, heads: list[int], rows: list[int]) -> Any:
    """Return a mask or bias [batch, head or 1, query or 1, key] for some heads and rows; all else as it is."""
    if getattr(value, "ndim", 0) != 4:
        return value
    if value.shape[1] > 1:
        value = value[:, heads]
    return value[:, :, rows] if value.shape[2] > 1 else value
