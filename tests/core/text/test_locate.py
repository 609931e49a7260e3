"""From a selection to token positions."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.models.tokenizing import tokenize
from core.sites.selection import ALL, MASK, Selection, at, parse_selection, text_selection
from core.text.locate import found, locate
from core.text.tokens import Token, Tokens
from tests.fixtures.small_tokenizers import byte_pairs, with_tokenizer

PIECES = ("Pe", "anut", " but", "ter", " and", " Pine", "apple", " on", " pine", "apple", " pizza")


def tokens(*pieces: str, mask: tuple[int, ...] = ()) -> Tokens:
    """Return tokens that stand side by side."""
    items, start = [], 0
    for position, piece in enumerate(pieces):
        items.append(Token(position, position, piece, start, start + len(piece), False, piece.startswith(" ")))
        start += len(piece)
    return Tokens("".join(pieces), tuple(items), mask)


PROMPT = tokens(*PIECES)


@pytest.mark.parametrize(
    ("selection", "positions"),
    [
        ("4", (4,)),
        ("-1", (10,)),
        ("-11", (0,)),
        ("2-5", (2, 3, 4, 5)),
        ("-3--1", (8, 9, 10)),
        ("8--1", (8, 9, 10)),
        ("7,3,0", (0, 3, 7)),
        ("3,1-4,-8", (1, 2, 3, 4)),
        ("all", tuple(range(11))),
    ],
)
def test_that_positions_come_ascending_and_each_once(selection: str, positions: tuple[int, ...]) -> None:
    assert locate(parse_selection(selection), PROMPT) == positions


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("butter", 3),
        ("Peanut", 1),
        ("Peanut butter", 3),
        ("pine", 8),
        ("Pine", 5),
        ("pineapple", 9),
        ("Pineapple", 6),
        ("pizza", 10),
        (" pizza", 10),
        ("but ", None),
        ("and ", 4),
        ("utt", 3),
        ("P", 0),
        (" ", 2),
    ],
)
def test_that_a_text_means_the_last_token_of_the_first_place_where_it_stands(text: str, position: int | None) -> None:
    if position is None:
        with pytest.raises(SurgeryError, match="does not stand in the prompt"):
            locate(text_selection(text), PROMPT)
    else:
        assert locate(text_selection(text), PROMPT) == (position,)


def test_that_a_text_in_another_case_is_not_there_and_is_told_apart() -> None:
    with pytest.raises(SurgeryError) as caught:
        locate(text_selection("PINEAPPLE"), PROMPT)
    assert caught.value.message == "The text 'PINEAPPLE' does not stand in the prompt."
    assert caught.value.hint == "It stands there in another case: write it the same."


def test_that_a_letter_of_several_tokens_means_the_last_of_them() -> None:
    found = tokenize(with_tokenizer(byte_pairs()), "€ the")
    shares = [token.position for token in found.items if found.prompt[token.start : token.end] == "€"]
    assert len(shares) == 3
    assert locate(text_selection("€"), found) == (shares[-1],)


def test_that_special_tokens_are_never_meant_by_a_text() -> None:
    items = (
        Token(0, 2, "[CLS]", 0, 0, True, False),
        Token(1, 7, "so", 0, 2, False, True),
        Token(2, 3, "[SEP]", 2, 2, True, False),
    )
    assert locate(text_selection("so"), Tokens("so", items)) == (1,)


def test_that_the_mask_means_every_mask() -> None:
    assert locate(MASK, tokens("a", "[MASK]", "b", "[MASK]", mask=(1, 3))) == (1, 3)


def test_that_a_prompt_without_a_mask_says_where_to_put_one() -> None:
    with pytest.raises(SurgeryError) as caught:
        locate(MASK, PROMPT)
    assert caught.value.message == "The prompt has no [MASK]."
    assert caught.value.hint == "Put [MASK] where the model is to fill in a word."


@pytest.mark.parametrize("number", [11, -12, 10**6])
def test_that_a_position_outside_the_prompt_says_which_there_are(number: int) -> None:
    with pytest.raises(SurgeryError) as caught:
        locate(at(number), PROMPT)
    assert caught.value.message == f"There is no token {number}: the prompt has 11 tokens."
    assert caught.value.hint == "Choose a position from 0 to 10, or from -11 to -1 counted from the end."


def test_that_a_range_that_runs_backwards_in_this_prompt_can_be_turned_round() -> None:
    with pytest.raises(SurgeryError) as caught:
        locate(parse_selection("5--10"), PROMPT)
    assert caught.value.message == "The range 5--10 runs backwards in this prompt."
    assert caught.value.hint == "Write -10-5."
    assert locate(parse_selection("-10-5"), PROMPT) == (1, 2, 3, 4, 5)


def test_that_a_text_that_is_not_there_is_said() -> None:
    with pytest.raises(SurgeryError) as caught:
        locate(text_selection("ketchup"), PROMPT)
    assert caught.value.message == "The text 'ketchup' does not stand in the prompt."
    assert caught.value.hint == "Check its spelling, or give a position."


def test_that_a_text_that_no_token_covers_is_said() -> None:
    found = Tokens("a  b", (Token(0, 1, "a", 0, 1, False, True), Token(1, 2, "b", 3, 4, False, True)))
    with pytest.raises(SurgeryError, match="No token covers the text ' '"):
        locate(text_selection(" "), found)


@pytest.mark.parametrize("selection", [ALL, MASK, at(0), Selection("positions", ((0, -1),))])
def test_that_positions_are_plain_numbers_within_the_prompt(selection: Selection) -> None:
    found = locate(selection, tokens("[MASK]", mask=(0,)))
    assert found == (0,)
    assert [type(position) for position in found] == [int]


def test_that_the_first_place_counts_also_inside_a_longer_word() -> None:
    assert locate(text_selection("he"), tokens("The", " king", " said", " that", " he", " left")) == (0,)


def test_that_what_is_not_in_the_prompt_is_found_nowhere() -> None:
    assert found(at(99), PROMPT) == found(text_selection("ketchup"), PROMPT) == found(at(0), None) == ()
    assert found(at(3), PROMPT) == (3,)
