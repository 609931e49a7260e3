"""t-tests against scipy, and where there is nothing to test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.statistics.t_tests import one_sample, paired

SLEEP = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
LONGER = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


def test_that_students_own_example_gives_his_numbers() -> None:
    found = paired(LONGER, SLEEP)
    assert found.n == 10
    assert found.mean == pytest.approx(1.58)
    assert found.t == pytest.approx(4.0621, abs=1e-4)
    assert found.p == pytest.approx(0.002833, abs=1e-6)
    assert found.ci95 == pytest.approx((0.7001142, 2.4598858), abs=1e-6)
    assert found.cohens_d == pytest.approx(4.0621277 / math.sqrt(10), abs=1e-6)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40), st.floats(-10, 10))
def test_that_one_sample_is_scipys(values: list[float], popmean: float) -> None:
    found = one_sample(values, popmean)
    if np.std(values) <= 1e-9 * np.abs(values).max():
        return
    known = stats.ttest_1samp(values, popmean)
    assert found.t == pytest.approx(float(known.statistic), rel=1e-9, abs=1e-12)
    assert found.p == pytest.approx(float(known.pvalue), rel=1e-9)
    assert found.ci95 == pytest.approx(tuple(known.confidence_interval(0.95)), rel=1e-9, abs=1e-9)
    assert found.sd == pytest.approx(np.std(values, ddof=1))


@pytest.mark.parametrize("values", [[], [1.0], [0.0, 0.0, 0.0], [1e-7] * 5, [1.0, float("nan")], [1.0, float("inf")]])
def test_that_where_nothing_can_be_tested_no_number_is_made_up(values: list[float]) -> None:
    found = one_sample(values)
    assert found.n == len(values)
    assert all(math.isnan(number) for number in (found.t, found.p, found.cohens_d, *found.ci95))


def test_that_the_mean_of_one_value_is_told() -> None:
    assert one_sample([2.5]).mean == 2.5
    assert one_sample([3.0, 3.0]).sd == 0.0


def test_that_unequal_numbers_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="2 and 1 values are no pairs"):
        paired([1.0, 2.0], [1.0])
