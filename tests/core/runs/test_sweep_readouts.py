"""What a map of a sweep can show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.runs.sweep_readouts import map_readouts, map_values, rank_correlation
from tests.fixtures.made_sweeps import empty_sweep, finished, half


def test_that_only_what_was_measured_is_offered() -> None:
    assert [each.key for each in map_readouts(finished())] == ["d_log_prob", "kl", "cosine 0", "cosine 1"]
    compared = [each.key for each in map_readouts(finished(versus=True))]
    assert compared == ["d_log_prob", "d_logit_difference", "kl", "cosine 0", "cosine 1"]
    assert [each.key for each in map_readouts(finished()) if not each.signed] == ["kl"]


@pytest.mark.parametrize("depth", [0, 3, 5])
def test_that_a_similarity_is_told_as_its_change_at_the_depth_asked_for(depth: int) -> None:
    sweep = finished()
    second = map_readouts(sweep)[-1]
    wanted = sweep.cosine[:, 1, depth] - sweep.clean.curves["cosine"].values[1, depth]
    np.testing.assert_array_equal(map_values(sweep, second, depth), wanted)


def test_that_a_cell_that_is_not_done_has_no_number() -> None:
    sweep = half()
    for readout in map_readouts(sweep):
        np.testing.assert_array_equal(np.isnan(map_values(sweep, readout, 2)), ~sweep.done)
    assert np.isnan(map_values(empty_sweep(), map_readouts(sweep)[0], 0)).all()


@settings(deadline=None)  # the first one imports scipy
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=30))
def test_that_the_rank_correlation_is_spearmans(pairs: list[tuple[int, int]]) -> None:
    from scipy.stats import spearmanr

    a, b = (np.array(each, dtype=np.float64) for each in zip(*pairs, strict=True))
    found = rank_correlation(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


def test_that_two_cells_have_no_order_worth_a_number() -> None:
    assert rank_correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0])) is None
