"""Prompts into tokens, in the spelling of each kind of tokenizer."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SurgeryError
from core.models.loaded_model import LoadedModel
from core.models.loading import open_model
from core.models.tokenizing import token_id, tokenize
from tests.fixtures.small_tokenizers import sentence_piece, with_tokenizer
from tests.fixtures.tiny_models import CONTEXT, TinyModel


def test_that_the_ids_are_the_tokenizers_own(tiny_model: TinyModel) -> None:
    loaded = open_model(str(tiny_model.folder), device="cpu")
    assert tokenize(loaded, tiny_model.prompt).ids == tuple(tiny_model.tokenizer(tiny_model.prompt).input_ids)


def test_that_byte_pairs_are_shown_with_their_leading_blank(gpt2: LoadedModel) -> None:
    tokens = tokenize(gpt2, "Peanut butter")
    assert [token.text for token in tokens.items] == ["Pe", "anut", " but", "ter"]
    assert [(token.start, token.end) for token in tokens.items] == [(0, 2), (2, 6), (6, 10), (10, 13)]
    assert [token.starts_word for token in tokens.items] == [True, False, True, False]
    assert not any(token.special for token in tokens.items)


def test_that_word_pieces_are_shown_with_their_mark(bert: LoadedModel) -> None:
    tokens = tokenize(bert, "Pineapple pizza")
    assert [token.text for token in tokens.items] == ["[CLS]", "pine", "##app", "##le", "pizza", "[SEP]"]
    assert [token.starts_word for token in tokens.items] == [False, True, False, False, True, False]
    assert [token.special for token in tokens.items] == [True, False, False, False, False, True]
    assert [(token.start, token.end) for token in tokens.items] == [(0, 0), (0, 4), (4, 7), (7, 9), (10, 15), (15, 15)]


def test_that_sentence_pieces_are_shown_with_a_blank(sentence: LoadedModel) -> None:
    tokens = tokenize(sentence, "Paris is the capital")
    assert "".join(token.text for token in tokens.items) == " Paris is the capital"
    words = [token.start for token in tokens.items if token.starts_word]
    assert [tokens.prompt[start:].split()[0] for start in words] == ["Paris", "is", "the", "capital"]


def test_that_a_special_token_before_the_prompt_covers_none_of_it(llama: LoadedModel) -> None:
    first, second = tokenize(llama, "Peanut").items[:2]
    assert (first.text, first.special, first.start, first.end) == ("<|endoftext|>", True, 0, 0)
    assert (second.position, second.start, second.special) == (1, 0, False)


PROMPTS = (
    "don't stop; it's a test.",
    "  two  blanks  ",
    "line\nbreak\ttab",
    "naïve cafés",
    "emoji 😀👩‍👩‍👧 end",
    "日本語 text",
    "snake_case camelCase x2",
    "ﬁ ligature, İstanbul, ǆ",
    "e\u0301 combining",
)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_that_tokens_cover_the_prompt_in_order(any_model: LoadedModel, prompt: str) -> None:
    tokens = tokenize(any_model, prompt)
    assert [token.position for token in tokens.items] == list(range(len(tokens)))
    covered: set[int] = set()
    place = 0
    for token in tokens.items:
        assert 0 <= token.start <= token.end <= len(prompt)
        assert token.start >= place
        place = token.start
        covered.update(range(token.start, token.end))
    assert all(letter.isspace() or at in covered for at, letter in enumerate(prompt) if not _is_mark(letter))


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Cf")  # normalisers drop these


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=12))
def test_that_any_text_is_tokens_or_one_sentence(any_model: LoadedModel, prompt: str) -> None:
    try:
        tokens = tokenize(any_model, prompt)
    except SurgeryError:
        return
    assert tokens.prompt == prompt
    assert all(token.text for token in tokens.items)
    assert all("\ufffd" not in token.text or "\ufffd" in prompt for token in tokens.items)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("don't stop", ["don't", "stop"]),
        ("a pizza. And", ["a", "pizza", ".", "And"]),
        ("x,y", ["x", ",", "y"]),
        ("one\ntwo", ["one", "two"]),
    ],
)
def test_that_words_begin_where_people_say(gpt2: LoadedModel, prompt: str, words: list[str]) -> None:
    tokens = tokenize(gpt2, prompt)
    starts = [token.start for token in tokens.items if token.starts_word]
    found = [prompt[a:b].strip() for a, b in zip(starts, [*starts[1:], len(prompt)], strict=True)]
    assert found == words


def test_that_bytes_of_one_letter_are_shown_as_bytes_and_start_one_word(gpt2: LoadedModel) -> None:
    smile = [token for token in tokenize(gpt2, "a 😀").items if token.text.startswith("<0x")]
    assert [token.text for token in smile] == ["<0xF0>", "<0x9F>", "<0x98>", "<0x80>"]
    assert {(token.start, token.end) for token in smile} == {(2, 3)}
    assert [token.starts_word for token in smile] == [True, False, False, False]


def test_that_the_mask_is_found_in_the_prompt(bert: LoadedModel) -> None:
    tokens = tokenize(bert, "The [MASK] sat on the [MASK].")
    assert [tokens.prompt[tokens.items[p].start : tokens.items[p].end] for p in tokens.mask_positions] == ["[MASK]"] * 2
    assert all(tokens.items[p].special for p in tokens.mask_positions)


@pytest.mark.parametrize("name", ["<mask>", "<m>", "<the-mask-token>"])
def test_that_mask_is_understood_whatever_the_model_calls_it(name: str) -> None:
    tokenizer = sentence_piece()
    tokenizer.add_special_tokens({"mask_token": name})
    loaded = with_tokenizer(tokenizer, "masked")
    prompt = "The [MASK] sat on the [MASK]."
    tokens = tokenize(loaded, prompt)
    assert tokens.prompt == prompt
    assert [prompt[tokens.items[p].start : tokens.items[p].end].strip() for p in tokens.mask_positions] == [
        "[MASK]"
    ] * 2
    assert [tokens.items[p].text for p in tokens.mask_positions] == [name] * 2
    assert tokens.items[-1].end == len(prompt)
    assert tokenize(loaded, f"The {name} sat").mask_positions
    assert token_id(loaded, "[MASK]") == token_id(loaded, name)


def test_that_mask_is_plain_text_to_a_causal_model(gpt2: LoadedModel) -> None:
    assert tokenize(gpt2, "The [MASK] sat").mask_positions == ()


@pytest.mark.parametrize("prompt", ["", " ", "\n\t "])
def test_that_an_empty_prompt_is_one_sentence(any_model: LoadedModel, prompt: str) -> None:
    with pytest.raises(SurgeryError, match="The prompt is empty"):
        tokenize(any_model, prompt)


def test_that_half_a_letter_is_one_sentence(any_model: LoadedModel) -> None:
    with pytest.raises(SurgeryError, match="half a letter"):
        tokenize(any_model, "a \ud83d b")


def test_that_a_prompt_of_nothing_but_control_characters_is_one_sentence(bert: LoadedModel) -> None:
    with pytest.raises(SurgeryError, match="The prompt has nothing left"):
        tokenize(bert, "\x00\x01")


def test_that_a_prompt_may_be_as_long_as_the_context_and_no_longer(gpt2: LoadedModel) -> None:
    assert len(tokenize(gpt2, "a" + " on" * (CONTEXT - 1))) == CONTEXT
    with pytest.raises(SurgeryError, match=r"67 tokens long, but .* takes at most 64. Shorten it by 3 tokens"):
        tokenize(gpt2, "a" + " on" * (CONTEXT + 2))


def test_that_truncation_stored_with_a_tokenizer_is_not_applied(gpt2: LoadedModel) -> None:
    backend = gpt2.tokenizer.backend_tokenizer
    backend.enable_truncation(3)
    backend.enable_padding(length=50)
    assert len(tokenize(gpt2, "a on on on on on")) == 6


def test_that_a_tokenizer_of_another_model_is_noticed(gpt2: LoadedModel) -> None:
    loaded = with_tokenizer(gpt2.tokenizer, vocab_size=100)
    with pytest.raises(SurgeryError, match="The tokenizer knows more tokens"):
        tokenize(loaded, "Peanut butter")


def test_that_one_token_too_many_is_one_token(gpt2: LoadedModel) -> None:
    with pytest.raises(SurgeryError, match=r"Shorten it by 1 token\.$"):
        tokenize(gpt2, "a" + " on" * CONTEXT)
