"""What cuts brought about in the runs so far, in words for the grid."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from core.interventions.ops import OPERATIONS
from core.sessions.other_texts import taken_by
from gui.surgery.plan_row import UNANSWERED, UNANSWERED_TOGETHER, UNCHANGED
from gui.widgets.figure_words import source_words

if TYPE_CHECKING:
    from core.runs.request import ResolvedIncision, RunRequest
    from core.runs.result import Effect, RunResult
    from core.sites.site import Site

Place = tuple["Site", tuple[int, ...]]


def effect_words(effect: Effect) -> str:
    """Return an effect in words: Δ log p and KL, or that nothing moved."""
    if not effect.changed:
        return "no change in any hidden state nor in the answer"
    if effect.log_prob is None or effect.kl is None:
        return "the hidden states change; there is no prediction to compare"
    if not effect.output_changed:
        return f"{UNANSWERED}, though activations change"
    return f"Δ log p {effect.log_prob:+.3f}, KL {effect.kl:.3f}".replace("-", "−")


class EffectMemory:
    """The effects of the last run: of a cut alone, where it ever ran alone, and of the plan.

    Attributes
    ----------
    told : dict of int to str
        By index in the plan, that an incision changed nothing.
    remarks : dict of int to tuple of str
        By index in the plan, what an incision's figures depend on.
    sources : dict of int to str
        By index in the plan, which tokens of the counterfactual prompt a patch came from.
    """

    def __init__(self) -> None:
        self.told: dict[int, str] = {}
        self.remarks: dict[int, tuple[str, ...]] = {}
        self.sources: dict[int, str] = {}
        self._question: object = None
        self._alone: dict[Hashable, Effect] = {}
        self._last: RunResult | None = None

    def remember(self, result: RunResult) -> None:
        """Take note of a result; another model, prompt or target starts afresh."""
        question = (result.request.model, result.request.ids, result.target)
        if question != self._question:
            self._question, self._alone = question, {}
        if len(result.request.plan) == 1:
            self._alone[_decisive(result.request.plan[0], result.request)] = result.effect
        self._last = result
        lost = not result.effect.output_changed
        words = UNANSWERED if len(result.request.plan) == 1 else UNANSWERED_TOGETHER
        self.told = {each.index: words for each in result.request.plan if lost}
        self.told |= dict.fromkeys(result.unchanged, UNCHANGED)
        self.remarks = {
            each.index: tuple(remark.text for remark in result.remarks if remark.index == each.index)
            for each in result.request.plan
        }
        self.sources = {each.index: source_words(result, each) for each in result.request.plan}

    def forget_rows(self) -> None:
        """Forget what was said of single incisions: the plan is another."""
        self.told, self.remarks, self.sources = {}, {}, {}

    def texts(self) -> dict[Place, str]:
        """Return what is to be read at each cut of the last run."""
        if self._last is None:
            return {}
        request = self._last.request
        plan = request.plan
        together = effect_words(self._last.effect)
        texts = {}
        for incision in plan:
            place = (incision.site, incision.positions)
            if len(plan) == 1:
                texts[place] = together
                continue
            alone = self._alone.get(_decisive(incision, request))
            own = "" if alone is None else f"alone: {effect_words(alone)}; "
            count = "both" if len(plan) == 2 else f"all {len(plan)}"
            texts[place] = f"{own}{count} incisions together: {together}"
        return texts


def _decisive(incision: ResolvedIncision, request: RunRequest) -> Hashable:
    """Return all that decides what an incision does alone: not its place in the plan, nor what only others take."""
    needs = taken_by(incision)
    return (
        replace(incision, index=0),
        request.donor if "donor" in needs else None,
        request.references if "references" in needs else None,
        request.transplant if "transplant" in needs else None,
        request.repeats if OPERATIONS[incision.operation].is_random(dict(incision.params)) else 1,
    )
