"""The algebra of plans: every change has its inverse."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from core.interventions.plan import Incision, Plan
from tests.properties.made_values import incisions, plans

SOME = plans().filter(len)


def an_index(data: st.DataObject, plan: Plan) -> int:
    return data.draw(st.integers(0, len(plan) - 1))


@given(plans(), incisions())
def test_that_adding_is_undone_by_taking_out(plan: Plan, cut: Incision) -> None:
    assert plan.added(cut).without(len(plan)) == plan


@given(plans(), plans(), plans())
def test_that_adding_is_the_same_one_by_one_and_together(a: Plan, b: Plan, c: Plan) -> None:
    assert a.added(*b).added(*c) == a.added(*b.added(*c))


@given(st.data(), SOME, incisions())
def test_that_replacing_is_undone_by_putting_back(data: st.DataObject, plan: Plan, cut: Incision) -> None:
    index = an_index(data, plan)
    changed = plan.replaced(index, cut)
    assert changed[index] == cut
    assert len(changed) == len(plan)
    assert changed.replaced(index, plan[index]) == plan


@given(st.data(), SOME)
def test_that_moving_is_undone_by_moving_back_and_loses_nothing(data: st.DataObject, plan: Plan) -> None:
    index, to = an_index(data, plan), an_index(data, plan)
    changed = plan.moved(index, to)
    assert changed[to] == plan[index]
    assert Counter(changed) == Counter(plan)
    assert changed.moved(to, index) == plan


@given(plans(), incisions())
def test_that_what_is_found_is_the_first_at_its_place(plan: Plan, cut: Incision) -> None:
    for wanted in (cut, *plan):
        index = plan.find(*wanted.place)
        places = [each.place for each in plan]
        assert index == (places.index(wanted.place) if wanted.place in places else None)


@given(incisions())
def test_that_setting_parameters_to_what_they_are_changes_nothing(cut: Incision) -> None:
    for name, value in cut.params:
        assert cut.with_param(name, value) == cut
