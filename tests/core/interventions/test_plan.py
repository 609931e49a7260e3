"""A plan is a value: every change makes a new one."""

from __future__ import annotations

from core.interventions.notation import parse_cut
from core.interventions.plan import Incision, Plan, sorted_params
from core.sites.selection import at

A, B, C = (parse_cut(text) for text in ("L0H1.z@2=silence", "L1.mlp_out@2=scale(k=2)", "embed@0=noise(seed=3)"))
PLAN = Plan((A, B, C))


def test_that_incisions_are_added_at_the_end_in_order() -> None:
    assert Plan().added(A).added(B, C) == PLAN
    assert list(PLAN) == [A, B, C]
    assert len(PLAN) == 3
    assert PLAN[1] is B


def test_that_adding_nothing_changes_nothing() -> None:
    assert PLAN.added() == PLAN


def test_that_one_incision_is_taken_out() -> None:
    assert [PLAN.without(n) for n in range(3)] == [Plan((B, C)), Plan((A, C)), Plan((A, B))]


def test_that_one_incision_is_replaced() -> None:
    assert PLAN.replaced(1, C) == Plan((A, C, C))


def test_that_an_incision_is_moved_up_and_down() -> None:
    assert PLAN.moved(0, 2) == Plan((B, C, A))
    assert PLAN.moved(2, 0) == Plan((C, A, B))
    assert PLAN.moved(1, 1) == PLAN


def test_that_the_first_incision_at_exactly_a_place_is_found() -> None:
    twice = PLAN.added(B.with_param("k", 3.0))
    assert twice.find(*B.place) == 1
    assert twice.find(B.site, at(3)) is None
    assert Plan().find(*A.place) is None


def test_that_parameters_are_kept_in_one_order_so_that_equal_incisions_are_equal() -> None:
    one, other = sorted_params({"sigma": 1.0, "seed": 2}), sorted_params({"seed": 2, "sigma": 1.0})
    assert Incision(A.site, A.selection, "noise", one) == Incision(A.site, A.selection, "noise", other)


def test_that_a_parameter_is_read_and_changed() -> None:
    changed = C.with_param("seed", 9)
    assert (changed.param("seed"), C.param("seed")) == (9, 3)
    assert changed.with_param("seed", 3) == C


def test_that_plans_can_be_keys() -> None:
    assert {PLAN: 1, Plan((A, B, C)): 2} == {PLAN: 2}
