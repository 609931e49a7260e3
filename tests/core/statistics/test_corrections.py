"""Corrections against scipy, known values, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.statistics.corrections import benjamini_hochberg, bonferroni, holm

P = (0.01, 0.04, 0.03, 0.005)
ALL = (bonferroni, holm, benjamini_hochberg)


def test_that_a_small_example_gives_known_values() -> None:
    # As R's p.adjust gives them.
    assert bonferroni(P) == pytest.approx([0.04, 0.16, 0.12, 0.02])
    assert holm(P) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(P) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_that_more_comparisons_than_p_values_count() -> None:
    assert bonferroni(P, 10) == pytest.approx([0.1, 0.4, 0.3, 0.05])
    assert holm(P, 10) == pytest.approx([0.09, 0.28, 0.24, 0.05])
    assert benjamini_hochberg(P, 10) == pytest.approx([0.05, 0.1, 0.1, 0.05])
    with pytest.raises(ValueError, match="4 p-values of 3 comparisons"):
        holm(P, 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 50))
def test_that_each_is_larger_than_p_and_keeps_the_order(p: list[float], more: int) -> None:
    count = len(p) + more
    order = np.argsort(p, kind="stable")
    for correct in ALL:
        found = correct(p, count)
        assert (found >= np.array(p) - 1e-15).all()
        assert (found <= 1).all()
        assert (np.diff(found[order]) >= -1e-15).all()
    assert (holm(p, count) <= bonferroni(p, count) + 1e-15).all()
    assert (benjamini_hochberg(p, count) <= holm(p, count) + 1e-15).all()
    assert holm(p, count) == pytest.approx(holm([*p, *[1.0] * more])[: len(p)])
    assert benjamini_hochberg(p) == pytest.approx(stats.false_discovery_control(p))


def test_that_what_is_no_p_value_stays_and_does_not_count() -> None:
    for correct in ALL:
        found = correct([0.01, float("nan"), 0.04])
        assert np.isnan(found[1])
        assert found[[0, 2]] == pytest.approx(correct([0.01, 0.04]))
        assert np.isnan(correct([float("nan")])).all()
