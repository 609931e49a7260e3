"""What an empty plan, or one that changes nothing, does to a real run: nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.interventions.notation import incision
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Incision, Plan, sorted_params
from core.sessions.session import Session
from core.sites.selection import at
from tests.fixtures.opened_models import opened, operated
from tests.properties.made_values import sites

if TYPE_CHECKING:
    from core.runs.result import Readouts
    from core.sessions.session import TokenPair
    from core.sites.site import Site
    from tests.fixtures.tiny_models import TinyModel

NEUTRAL = [each for each in OPERATIONS if each.identity is not None]
few_runs = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def same(one: Readouts, other: Readouts) -> bool:
    """Return whether two sides are equal to the bit."""
    curves = all((one.curves[key].values == other.curves[key].values).all() for key in one.curves)
    return curves and (one.numbers, one.top, one.listed) == (other.numbers, other.top, other.listed)


@st.composite
def neutral_cuts(draw: st.DrawFn) -> Incision:
    """Return incisions that change nothing, within a tiny model and the first tokens of its prompt."""
    operation = draw(st.sampled_from(NEUTRAL))
    # No tiny model has fewer than two layers, heads, key-value heads or neurons.
    site: Site = draw(sites(st.integers(0, 1), sorted(operation.points)))
    return incision(
        str(site), at(*draw(st.lists(st.integers(0, 4), min_size=1))), operation.key, operation.identity or {}
    )


def pairs() -> st.SearchStrategy[tuple[TokenPair, ...]]:
    from core.sessions.session import TokenPair as Pair

    position = st.integers(0, 4).map(at)
    return st.lists(st.builds(Pair, position, position), max_size=2).map(tuple)


@few_runs
@given(pairs=pairs(), words=st.lists(st.integers(0, 99), min_size=2, max_size=2), top=st.integers(1, 9))
def test_that_an_empty_plan_has_no_effect(
    tiny_language_model: TinyModel, pairs: tuple[TokenPair, ...], words: list[int], top: int
) -> None:
    loaded = opened(tiny_language_model)
    session = Session(
        model="", prompt=tiny_language_model.prompt, pairs=pairs, target=words[0], versus=words[1], top_k=top
    )
    result, notes = operated(loaded, session)
    effect = result.effect
    assert notes == ()
    assert (effect.log_prob, effect.logit_difference, effect.kl, effect.changed) == (0.0, 0.0, 0.0, False)
    assert same(result.clean, result.operated)


@few_runs
@given(cuts=st.lists(neutral_cuts(), min_size=1, max_size=3))
def test_that_a_plan_of_incisions_that_change_nothing_has_no_effect(
    tiny_language_model: TinyModel, cuts: list[Incision]
) -> None:
    session = Session(model="", prompt=tiny_language_model.prompt, plan=Plan(tuple(cuts)))
    result, notes = operated(opened(tiny_language_model), session)
    assert notes == ()
    assert result.unchanged == tuple(range(len(cuts)))
    assert not result.effect.changed
    assert same(result.clean, result.operated)


@few_runs
@given(cut=neutral_cuts(), operation=st.sampled_from(["silence", "scale", "noise"]))
def test_that_a_switched_off_incision_has_no_effect(tiny_gpt2: TinyModel, cut: Incision, operation: str) -> None:
    strong = replace(cut, operation=operation, params=sorted_params(OPERATIONS[operation].checked({})), enabled=False)
    result, _ = operated(opened(tiny_gpt2), Session(model="", prompt=tiny_gpt2.prompt, plan=Plan((strong,))))
    assert result.request.plan == ()
    assert same(result.clean, result.operated)
