"""A sweep as a map: layout, colours, words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.runs.request import ResolvedIncision
from core.runs.sweep_request import SweepRequest
from core.runs.sweep_result import Cost, SweepProgress
from core.sites.site import Site
from gui.widgets.sweep_picture import cell_title, layout, limit_of, numbers_words, picture
from gui.widgets.sweep_words import cost_words, going_words, rest_words
from tests.fixtures.made_sweeps import LAST, axis, empty_sweep, finished, half, screened, sweep_request


def neurons(count: int) -> SweepRequest:
    cells = tuple(ResolvedIncision(0, Site("mlp_post", 1, neuron=n), (LAST,), "silence", ()) for n in range(count))
    axes = (axis("layer", (1,)), axis("neuron", range(count), [f"N{n}" for n in range(count)]))
    return replace(sweep_request(), cells=cells, axes=axes)


def test_that_rows_and_columns_are_the_axes_that_vary() -> None:
    where = layout(sweep_request(5, 4))
    assert where.shape == (5, 4)
    assert (where.row_title, where.column_title) == ("layer", "head")
    assert where.rows[3] == "L3"
    assert [where.place(where.number((row, column))) for row in range(5) for column in range(4)] == [
        (row, column) for row in range(5) for column in range(4)
    ]


@pytest.mark.parametrize("count", [2, 64, 100, 256])
def test_that_neurons_stand_in_rows_and_none_is_lost(count: int) -> None:
    shown = picture(finished(neurons(count)), "d_log_prob", 0)
    assert shown is not None
    made, where = shown.heat(), layout(neurons(count))
    assert made.there.sum() == count
    assert all(made.values[where.place(n)] == shown.values[n] for n in range(count))


def test_that_another_readout_shows_other_numbers_of_the_same_sweep() -> None:
    sweep = finished()
    shown = [picture(sweep, key, 3) for key in ("d_log_prob", "kl", "cosine 0")]
    assert [each.readout.key for each in shown if each] == ["d_log_prob", "kl", "cosine 0"]
    assert [each.title for each in shown if each] == [
        "Δ log p of ·salad",
        "KL",
        "Δ cosine pineapple – pizza after layer 2",
    ]


def test_that_estimates_stand_where_nothing_is_exact_yet() -> None:
    sweep = half()
    shown = picture(sweep, "d_log_prob", 0, screened(sweep))
    assert shown is not None
    np.testing.assert_array_equal(shown.estimated, ~sweep.done)
    assert not shown.scale.gaps
    assert sweep.d_log_prob is not None
    np.testing.assert_array_equal(shown.values[sweep.done], sweep.d_log_prob[sweep.done])
    assert numbers_words(shown, 0).startswith("estimate: Δ log p")
    assert not numbers_words(shown, len(sweep.done) - 1).startswith("estimate")
    unknown = picture(sweep, "kl", 0, screened(sweep))
    assert unknown is not None
    assert not unknown.estimated.any()
    assert unknown.scale.gaps


def test_that_the_number_that_is_drawn_is_told_first_and_what_is_not_run_is_said() -> None:
    shown = picture(half(), "kl", 0)
    assert shown is not None
    assert numbers_words(shown, 0) == "not run yet"
    assert numbers_words(shown, 15).startswith("KL ")
    assert cell_title(shown.result, 5) == "silence L1H1.z at 7 ·on"


@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=60))
def test_that_the_end_of_the_colours_lies_beyond_nearly_all_numbers(values: list[float]) -> None:
    numbers = np.array([*values, np.nan])
    limit = limit_of(numbers)
    assert limit > 0
    sizes = np.abs(values)
    if np.percentile(sizes, 99) > 1e-9:
        assert limit >= np.percentile(sizes, 99) * 0.998
        assert limit <= np.percentile(sizes, 99) * 2.01


def test_that_a_cost_is_only_told_where_it_was_measured_for_these_cells() -> None:
    assert cost_words(720, None) == "720 cells"
    assert cost_words(720, Cost(720, 41.0)) == "720 cells, about 40 s"
    assert cost_words(720, Cost(719, 41.0)) == "720 cells"
    assert cost_words(1, Cost(1, None)) == "1 cell"


def test_that_progress_is_told_in_words() -> None:
    assert going_words(None, None, exact=False) == "Starting …"
    assert going_words(half(), None, exact=False) == "Estimating 20 cells …"
    assert going_words(half(), SweepProgress(10, 0.5, 12.0), exact=True) == "10 of 20 cells, about 10 s left"
    assert rest_words(half()) == "10 of 20 cells done"
    assert rest_words(replace(finished(), seconds=3.14)) == "20 cells in 3.1 s"
    assert rest_words(empty_sweep()) == "0 of 20 cells done"
