"""Tokens of two prompts, and of two tokenisations of one, are matched or left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SurgeryError
from core.text.alignment import align, align_by_text
from core.text.tokens import Token, Tokens

NAMES = "abcdefgh"


def prompt(letters: str) -> Tokens:
    """Return a prompt of one-letter tokens whose ids follow from the letters."""
    return Tokens(letters, tuple(Token(n, ord(x), x, n, n + 1, False, True) for n, x in enumerate(letters)))


def split(text: str, *ends: int, specials: bool = False) -> Tokens:
    """Return a text as tokens that end at some characters, between special ones if wanted."""
    spans = list(zip((0, *ends[:-1]), ends, strict=True))
    if specials:
        spans = [(0, 0), *spans, (len(text), len(text))]
    items = (Token(n, n, text[a:b], a, b, a == b, True) for n, (a, b) in enumerate(spans))
    return Tokens(text, tuple(items))


@pytest.mark.parametrize(
    ("here", "there", "wanted"),
    [
        ("abc", "abc", (0, 1, 2)),
        ("abc", "xyz", (0, 1, 2)),
        ("abcde", "abxyde", (0, 1, None, 4, 5)),
        ("abxyde", "abcde", (0, 1, None, None, 3, 4)),
        ("abc", "abcd", (0, 1, 2)),
        ("bcd", "abcd", (1, 2, 3)),
        ("abcd", "bcd", (None, 0, 1, 2)),
        ("aaa", "aa", (0, 1, None)),
        ("aa", "aaa", (0, 1)),
        ("abc", "xy", (None, None, None)),
        ("abcb", "ab", (0, 1, None, None)),
        ("a", "ba", (1,)),
    ],
)
def test_that_lengths_decide_how_prompts_are_matched(here: str, there: str, wanted: tuple[int | None, ...]) -> None:
    assert align(prompt(here), prompt(there)) == wanted


def test_that_what_the_user_matched_goes_first() -> None:
    assert align(prompt("abcde"), prompt("abxyde"), [(2, 3)]) == (0, 1, 3, 4, 5)
    assert align(prompt("abc"), prompt("xyz"), [(0, 2), (1, 2), (0, 2)]) == (2, 2, None)


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ((5, 0), "Token 5 is matched with 0, but the prompt has no token 5."),
        ((-1, 0), "the prompt has no token -1."),
        ((0, 6), "Token 0 is matched with 6, but the counterfactual prompt has no token 6."),
    ],
)
def test_that_a_match_with_a_token_that_is_not_there_is_refused(match: tuple[int, int], message: str) -> None:
    with pytest.raises(SurgeryError, match=message):
        align(prompt("abcde"), prompt("abxyde"), [match])


def test_that_a_token_is_matched_with_one_other() -> None:
    with pytest.raises(SurgeryError, match="Token 1 is matched twice"):
        align(prompt("abc"), prompt("abc"), [(1, 0), (1, 2)])


@given(st.text(NAMES, min_size=1, max_size=8), st.text(NAMES, min_size=1, max_size=8))
def test_that_counterparts_ascend_and_are_the_same_token_where_lengths_differ(here: str, there: str) -> None:
    found = [source for source in align(prompt(here), prompt(there)) if source is not None]
    assert found == sorted(set(found))
    if len(here) != len(there):
        pairs = [(n, source) for n, source in enumerate(align(prompt(here), prompt(there))) if source is not None]
        assert all(here[n] == there[source] for n, source in pairs)
        assert all(source in (n, n + len(there) - len(here)) for n, source in pairs)


def test_that_tokens_that_end_at_the_same_character_belong_together() -> None:
    text = "Peanut butter"
    assert align_by_text(split(text, 2, 6, 13), split(text, 6, 10, 13)) == (None, 0, 2)
    assert align_by_text(split(text, 6, 10, 13), split(text, 2, 6, 13)) == (1, None, 2)


def test_that_tokens_without_text_have_no_counterpart() -> None:
    text = "ab"
    assert align_by_text(split(text, 1, 2, specials=True), split(text, 1, 2)) == (None, 0, 1, None)
    assert align_by_text(split(text, 1, 2), split(text, 1, 2, specials=True)) == (1, 2)


def test_that_tokens_without_text_belong_together_where_both_have_the_same_of_them() -> None:
    text = "ab"
    assert align_by_text(split(text, 1, 2, specials=True), split(text, 2, specials=True)) == (0, None, 1, 2)
    assert align_by_text(split(text, 2, specials=True), split(text, 1, 2, specials=True)) == (0, 2, 3)
    other = split(text, 2, specials=True)
    renamed = Tokens(text, (replace(other.items[0], text="<s>"), *other.items[1:]))
    assert align_by_text(split(text, 2, specials=True), renamed) == (None, 1, None)


def test_that_of_the_bytes_of_one_letter_the_last_belong_together() -> None:
    one = Tokens("é", (Token(0, 0, "é", 0, 1, False, True),))
    two = Tokens("é", tuple(Token(n, n, "?", 0, 1, False, True) for n in range(2)))
    assert align_by_text(one, two) == (1,)
    assert align_by_text(two, one) == (None, 0)


def test_that_different_texts_are_not_aligned() -> None:
    with pytest.raises(SurgeryError, match="of the same text"):
        align_by_text(prompt("ab"), prompt("ac"))
