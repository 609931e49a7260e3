"""From a token to its text and from a text to its one token."""

from __future__ import annotations

import pytest

from core.errors import SurgeryError
from core.models.loaded_model import LoadedModel
from core.models.tokenizing import token_id, token_text


def test_that_every_token_is_found_again_by_its_text(any_model: LoadedModel) -> None:
    wrong = {}
    for number in range(any_model.info.vocab_size):
        text = token_text(any_model, number)
        found = token_id(any_model, text)
        # Two sentence pieces differ in nothing but a blank where the tokenizer itself adds one.
        if found != number and token_text(any_model, found) != " " + text:
            wrong[number] = (text, found)
    assert wrong == {}


def test_that_a_number_beyond_the_vocabulary_is_shown_as_such(gpt2: LoadedModel) -> None:
    assert token_text(gpt2, 10**6) == "<token 1000000>"


@pytest.mark.parametrize(
    ("model", "text", "shown"),
    [
        ("gpt2", " the", " the"),
        ("gpt2", "the", "the"),
        ("gpt2", "great", " great"),
        ("gpt2", "<|endoftext|>", "<|endoftext|>"),
        ("bert", "The", "the"),
        ("bert", " pizza", "pizza"),
        ("bert", "##le", "##le"),
        ("bert", "[MASK]", "[MASK]"),
    ],
)
def test_that_a_text_finds_its_token(model: str, text: str, shown: str, request: pytest.FixtureRequest) -> None:
    loaded: LoadedModel = request.getfixturevalue(model)
    assert token_text(loaded, token_id(loaded, text)) == shown


def test_that_a_word_finds_the_sentence_piece_that_begins_a_word(sentence: LoadedModel) -> None:
    assert token_text(sentence, token_id(sentence, "the")) == " the"
    assert token_text(sentence, token_id(sentence, " the")) == " the"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("gpt2", "' pineapple' is 2 tokens in this model: ' pine', 'apple'. Choose one of them."),
        ("bert", "'pineapple' is 3 tokens in this model: 'pine', '##app', '##le'. Choose one of them."),
    ],
)
def test_that_several_tokens_are_shown_to_choose_from(model: str, message: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(SurgeryError, match="tokens in this model") as caught:
        token_id(request.getfixturevalue(model), "pineapple")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("model", "text", "sentence"),
    [
        ("bert", "☃", "'☃' is not in this model's vocabulary"),
        ("bert", "", "No text was given"),
        ("bert", "\x00", "Nothing of .* is left"),
        ("gpt2", "\ud83d", "half a letter"),
        ("gpt2", "☃☃", "' ☃☃' is 7 tokens in this model"),
    ],
)
def test_that_a_text_without_a_token_is_one_sentence(
    model: str, text: str, sentence: str, request: pytest.FixtureRequest
) -> None:
    loaded = request.getfixturevalue(model)
    with pytest.raises(SurgeryError, match=sentence):
        token_id(loaded, text)
