"""Counterparts stand above one another, whatever stands between them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.alignment import Alignment
from gui.surgery.token_columns import Column, columns, flow_columns, uncrossed
from gui.surgery.token_display import faces
from tests.gui.surgery.prompts import prompt


@pytest.mark.parametrize(
    ("alignment", "n_there", "made"),
    [
        ((0, 1), 2, [(0, 0), (1, 1)]),
        ((0, None, 3), 4, [(0, 0), (1, 1), (None, 2), (2, 3)]),
        ((0, None, None, 1), 2, [(0, 0), (1, None), (2, None), (3, 1)]),
        ((), 1, [(None, 0)]),
        ((None,), 0, [(0, None)]),
    ],
)
def test_that_what_has_no_counterpart_stands_between(alignment: Alignment, n_there: int, made: list[Column]) -> None:
    assert columns(alignment, n_there) == made


def test_that_of_crossing_matches_the_most_that_do_not_cross_share_columns() -> None:
    assert uncrossed((2, 0, 1, 3)) == [(1, 0), (2, 1), (3, 3)]


@given(st.lists(st.one_of(st.none(), st.integers(0, 6)), max_size=8))
def test_that_every_token_has_one_column_and_each_prompt_keeps_its_order(found: list[int | None]) -> None:
    made = columns(tuple(found), 7)
    for side, count in enumerate((len(found), 7)):
        assert [column[side] for column in made if column[side] is not None] == list(range(count))
    for one, other in pairwise(uncrossed(tuple(found))):
        assert one[0] < other[0]
        assert one[1] < other[1]


def test_that_chips_of_a_column_are_equally_wide_and_go_to_the_next_row_together() -> None:
    both = faces(prompt("a", " cat", " sat")), faces(prompt("a", " tall", " dog", " sat"))
    made = columns((0, None, 3), 4)
    upper, lower = flow_columns(made, both, ([10, 30, 20], [10, 20, 20, 25]), 60, 5)
    assert (upper[0], upper[1]) == (lower[0], lower[1])
    assert upper[1].width == 30
    assert upper[2] == lower[3]
    assert upper[2].row == 1 == lower[2].row


def test_that_the_prompts_own_words_stay_whole() -> None:
    both = faces(prompt("Pe", "anut", " butter")), faces(prompt("a", " cat", " sat"))
    upper, _ = flow_columns(columns((0, 1, 2), 3), both, ([10, 10, 10], [10, 20, 20]), 200, 5)
    assert [slot.x for slot in upper] == [0, 10, 35]
