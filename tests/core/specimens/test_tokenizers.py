"""Tokenizers learned from text: the same from the same text, and without surprises in between."""

from __future__ import annotations

import pytest

from core.specimens.tokenizers import END_OF_TEXT, MASKED_SPECIALS, train_tokenizer
from tests.core.specimens.conftest import SMALL, documents

TEXTS = documents(60)


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_the_same_text_gives_the_same_tokenizer_every_time(objective: str) -> None:
    made = {train_tokenizer(SMALL[objective], iter(TEXTS)).backend_tokenizer.to_str() for _ in range(3)}
    assert len(made) == 1


def test_that_byte_pairs_can_write_anything_and_add_nothing_of_their_own() -> None:
    tokenizer = train_tokenizer(SMALL["causal"], TEXTS)
    text = "Naïve 🍕\tpizza\n  →"
    ids = tokenizer(text).input_ids
    assert tokenizer.decode(ids) == text
    assert tokenizer.all_special_tokens == [END_OF_TEXT]
    assert tokenizer.eos_token_id == 0
    assert len(tokenizer) == 300


def test_that_word_pieces_put_the_special_tokens_first_and_round_a_prompt() -> None:
    tokenizer = train_tokenizer(SMALL["masked"], TEXTS)
    assert [tokenizer.convert_ids_to_tokens(n) for n in range(5)] == list(MASKED_SPECIALS)
    assert sorted(tokenizer.all_special_ids) == [0, 1, 2, 3, 4]
    assert tokenizer.convert_ids_to_tokens(tokenizer("The [MASK] sat").input_ids) == [
        "[CLS]", "the", "[MASK]", "sat", "[SEP]",
    ]  # fmt: skip
    assert tokenizer.decode(tokenizer("Pineapple PIZZA").input_ids, skip_special_tokens=True) == "pineapple pizza"
    assert len(set(tokenizer.get_vocab().values())) == len(tokenizer)


def test_that_pieces_inside_words_are_no_special_tokens() -> None:
    tokenizer = train_tokenizer(SMALL["masked"], TEXTS)
    added = {token.content for token in tokenizer.added_tokens_decoder.values()}
    assert added == set(MASKED_SPECIALS)
    assert any(piece.startswith("##") for piece in tokenizer.get_vocab())


def test_that_a_letter_that_was_never_seen_is_unknown() -> None:
    tokenizer = train_tokenizer(SMALL["masked"], TEXTS)
    assert tokenizer("汉", add_special_tokens=False).input_ids == [tokenizer.unk_token_id]
