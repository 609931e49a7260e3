"""What a click, a range and a drag make of the chosen tokens."""

from __future__ import annotations

import pytest

from core.sites.selection import ALL, at
from gui.surgery.token_choice import as_selection, chosen_words, extended, span, toggled


def test_that_a_token_is_added_and_taken_off_but_the_last_one_stays() -> None:
    assert toggled((2, 5), 3) == (2, 3, 5)
    assert toggled((2, 5), 5) == (2,)
    assert toggled((2,), 2) == (2,)


def test_that_a_range_may_be_drawn_either_way() -> None:
    assert span(2, 4) == span(4, 2) == (2, 3, 4)


def test_that_a_drawn_range_adds_or_takes_off() -> None:
    assert extended((1, 9), (3, 4), add=True) == (1, 3, 4, 9)
    assert extended((1, 3, 4), (3, 4), add=False) == (1,)
    assert extended((3, 4), (3, 4), add=False) == (4,)


def test_that_every_token_of_a_prompt_is_called_all() -> None:
    assert as_selection(range(4), 4) == ALL
    assert as_selection((3, 1, 1), 4) == at(1, 3)
    assert as_selection((0,), 1) == at(0)


@pytest.mark.parametrize(
    ("chosen", "count", "words"),
    [
        (3, 10, "3 of 10 tokens chosen"),
        (0, 10, "none of 10 tokens chosen"),
        (10, 10, "all 10 tokens chosen"),
        (1, 1, "the only token chosen"),
        (0, 0, ""),
    ],
)
def test_that_the_caption_counts_what_is_chosen(chosen: int, count: int, words: str) -> None:
    assert chosen_words(chosen, count) == words
