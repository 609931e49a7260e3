"""Selections of tokens are read and written as the user means them."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.sites.selection import ALL, MASK, Selection, at, parse_selection, text_selection

WRITTEN = {
    "4": at(4),
    "-1": at(-1),
    "0,3,7": at(0, 3, 7),
    "2-5": Selection("positions", ((2, 5),)),
    "-3--1": Selection("positions", ((-3, -1),)),
    "2--1": Selection("positions", ((2, -1),)),
    "0,2-3,-1": Selection("positions", ((0, 0), (2, 3), (-1, -1))),
    "all": ALL,
    "mask": MASK,
    '"pineapple"': text_selection("pineapple"),
    '" taste great"': text_selection(" taste great"),
    '"say "so""': text_selection('say "so"'),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_that_a_selection_is_read_and_written_in_the_notation(text: str) -> None:
    assert parse_selection(text) == WRITTEN[text]
    assert str(WRITTEN[text]) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [(" 4 ", at(4)), ("0, 3 , 7", at(0, 3, 7)), (" all ", ALL), ("'pizza'", text_selection("pizza"))],
)
def test_that_blanks_and_the_kind_of_quotes_do_not_matter(text: str, meant: Selection) -> None:
    assert parse_selection(text) == meant


def test_that_single_positions_are_kept_in_order_and_once() -> None:
    assert at(3, 1, 3) == Selection("positions", ((3, 3), (1, 1)))


@pytest.mark.parametrize("text", ["", "pizza", "4;5", "1-2-3", "1.5", "4,", "-", '""', "ALL", "9" * 5000])
def test_that_what_is_no_selection_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_selection(text)
    assert caught.value.message == f"{text!r} does not name token positions."
    assert caught.value.hint == 'Write positions like 4, -1, 2-5, 0,3,7, all, mask or "a text".'


@pytest.mark.parametrize(("text", "right"), [("5-2", "2-5"), ("-1--3", "-3--1")])
def test_that_a_range_that_runs_backwards_is_turned_round_in_the_hint(text: str, right: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        parse_selection(text)
    assert caught.value.message == f"The range {text} runs backwards."
    assert caught.value.hint == f"Write it as {right}."
