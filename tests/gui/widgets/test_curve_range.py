"""Ranges and ticks are round, hold the data, and stay still."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.widgets.curve_range import (
    COSINE,
    LOG_PROB,
    Limits,
    round_step,
    rounded_range,
    settled_range,
    with_room_below,
)
from gui.widgets.depth_axis import depth_name, depth_ticks
from gui.widgets.value_axis import digits_of, end_ticks, value_ticks


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60))
def test_that_a_cosine_range_holds_every_value_and_nothing_impossible(values: list[float]) -> None:
    low, high = rounded_range([np.array(values)], COSINE)
    assert -1 <= low <= min(values)
    assert max(values) <= high <= 1
    assert low < high


@given(st.lists(st.floats(-200, 0), min_size=1, max_size=60))
def test_that_a_log_prob_range_holds_every_value_and_ends_at_zero_at_most(values: list[float]) -> None:
    low, high = rounded_range([np.array(values)], LOG_PROB)
    assert low <= min(values)
    assert max(values) <= high <= 0
    assert low < high


@pytest.mark.parametrize("limits", [COSINE, LOG_PROB])
def test_that_a_range_is_found_where_nothing_is_finite(limits: Limits) -> None:
    for arrays in ([], [np.array([np.nan, -np.inf])]):
        low, high = rounded_range(arrays, limits)
        assert np.isfinite([low, high]).all()
        assert low < high


def test_that_differences_too_small_to_matter_are_not_magnified() -> None:
    low, high = rounded_range([np.array([0.5, 0.5001])], COSINE)
    assert high - low >= COSINE.least


@pytest.mark.parametrize(
    ("new", "shown", "kept"),
    [
        ((0.2, 0.8), (0.0, 1.0), True),
        ((0.4, 0.6), (0.0, 1.0), False),
        ((-0.1, 0.5), (0.0, 1.0), False),
        ((0.2, 0.8), None, False),
    ],
)
def test_that_the_range_moves_only_when_it_must(
    new: tuple[float, float], shown: tuple[float, float] | None, kept: bool
) -> None:
    assert settled_range(new, shown) == (shown if kept else new)


@given(st.floats(1e-6, 1e6))
def test_that_steps_are_one_two_or_five(span: float) -> None:
    step = round_step(span)
    assert f"{step:.6e}"[:8] in {"1.000000", "2.000000", "5.000000"}


@given(st.integers(1, 120), st.floats(1, 200))
def test_that_no_two_labels_of_layers_touch_and_the_embedding_is_always_named(n_layers: int, spacing: float) -> None:
    ticks = depth_ticks(n_layers, spacing, label=26, first=48)
    assert ticks[0] == 0
    assert all((b - a) * spacing >= 26 or a == 0 for a, b in itertools.pairwise(ticks))
    assert all(tick * spacing >= (48 + 26) / 2 for tick in ticks[1:2])
    assert ticks[-1] <= n_layers


def test_that_a_depth_is_called_by_the_layer_after_which_it_is_read() -> None:
    assert [depth_name(depth) for depth in (0, 1, 12)] == ["after the embedding", "after layer 0", "after layer 11"]
    assert [depth_name(depth, short=True) for depth in (0, 12)] == ["embed", "layer 11"]


@given(st.floats(-100, 0), st.floats(0.01, 100), st.integers(1, 8))
def test_that_ticks_are_in_range_and_no_more_than_there_is_height_for(low: float, span: float, most: int) -> None:
    step, ticks = value_ticks(low, low + span, most)
    assert len(ticks) <= most + 1
    assert all(low - step * 1e-6 <= tick <= low + span + step * 1e-6 for tick in ticks)


@given(st.lists(st.floats(-60, 0), min_size=1, max_size=30), st.floats(20, 400))
def test_that_both_ends_of_a_range_are_labelled_and_no_two_labels_touch(values: list[float], height: float) -> None:
    low, high = rounded_range([np.array(values)], LOG_PROB)
    apart = 16 * (high - low) / height
    ticks = end_ticks(low, high, apart)
    assert (ticks[0], ticks[-1]) == (low, high)
    assert len(ticks) == 2 or all(b - a >= apart * 0.999 for a, b in itertools.pairwise(ticks))


@pytest.mark.parametrize(
    ("low", "high", "apart", "ticks"),
    [
        (0.0, 1.0, 0.15, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-0.2, 1.0, 0.15, [-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-25.0, 0.0, 20.0, [-25, 0]),
    ],
)
def test_that_ticks_are_even_where_they_can_be(low: float, high: float, apart: float, ticks: list[float]) -> None:
    assert end_ticks(low, high, apart) == pytest.approx(ticks)


def test_that_labels_have_the_digits_that_write_all_of_them_out() -> None:
    assert [digits_of(values) for values in ([-25.0, 0.0], [-0.2, 0.0, 0.5], [0.25, 1.0])] == [0, 1, 2]


def test_that_a_line_from_below_the_range_is_never_level() -> None:
    assert with_room_below((-2.0, -0.5), -2.0) == (-2.5, -0.5)
    assert with_room_below((-2.0, -0.5), -1.0) == (-2.0, -0.5)
    assert with_room_below((-2.0, -0.5), float("nan")) == (-2.0, -0.5)
