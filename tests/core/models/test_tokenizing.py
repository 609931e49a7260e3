"""Prompts into tokens and back, in the spelling of each kind of tokenizer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import SurgeryError
from core.models.architectures import ARCHITECTURES
from core.models.info import ModelInfo
from core.models.loaded_model import LoadedModel
from core.models.loading import open_model
from core.models.tokenizing import token_id, token_text, tokenize
from tests.fixtures.tiny_models import CONTEXT, SENTENCES, TinyModel


def sentence_piece(normalizer_of_llama: bool = False) -> object:
    """Return a tokenizer with ``▁`` for blanks and single bytes for what it does not know."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    single_bytes = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if normalizer_of_llama:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<unk>", "<s>", "</s>", *single_bytes], show_progress=False
    )
    tokenizer.train_from_iterator([*SENTENCES, *SENTENCES], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def with_tokenizer(tokenizer: object, objective: str = "causal", **changes: object) -> LoadedModel:
    """Return a model that has a tokenizer but no network: splitting a prompt needs none."""
    facts = {
        "name": "tiny", "family": "gpt2", "n_layers": 1, "n_heads": 1, "n_key_value_heads": 1, "d_model": 1,
        "d_head": 1, "vocab_size": len(tokenizer), "context": CONTEXT, "has_head": True, "n_parameters": 1,  # type: ignore[arg-type]
        "memory_bytes": 4, "dtype": "float32", "device": "cpu", "objective": objective,
        "mask_token": tokenizer.mask_token if objective == "masked" else None,  # type: ignore[attr-defined]
    }  # fmt: skip
    info = ModelInfo(**(facts | changes))  # type: ignore[arg-type]
    return LoadedModel("tiny", info, ARCHITECTURES["gpt2"], None, tokenizer)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def gpt2(tiny_gpt2: TinyModel) -> LoadedModel:
    return open_model(str(tiny_gpt2.folder), device="cpu")


@pytest.fixture(scope="module")
def bert(tiny_bert: TinyModel) -> LoadedModel:
    return open_model(str(tiny_bert.folder), device="cpu")


@pytest.fixture(scope="module")
def llama(tiny_llama: TinyModel) -> LoadedModel:
    return open_model(str(tiny_llama.folder), device="cpu")


@pytest.fixture(scope="module", params=[False, True], ids=["metaspace", "prepend"])
def sentence(request: pytest.FixtureRequest) -> LoadedModel:
    return with_tokenizer(sentence_piece(request.param))


@pytest.fixture(scope="module", params=["gpt2", "llama", "bert", "sentence"])
def any_model(request: pytest.FixtureRequest) -> LoadedModel:
    if request.param == "sentence":
        return with_tokenizer(sentence_piece())
    loaded: LoadedModel = request.getfixturevalue(request.param)
    return loaded


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
    assert [token.text for token in tokens.items] == ["[CLS]", "pinea", "##pp", "##le", "pizza", "[SEP]"]
    assert [token.starts_word for token in tokens.items] == [False, True, False, False, True, False]
    assert [token.special for token in tokens.items] == [True, False, False, False, False, True]
    assert [(token.start, token.end) for token in tokens.items] == [(0, 0), (0, 5), (5, 7), (7, 9), (10, 15), (15, 15)]


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
    import unicodedata

    return unicodedata.category(letter) in ("Mn", "Cf")  # normalisers drop these


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=12))
def test_that_any_text_is_tokens_or_one_sentence(any_model: LoadedModel, prompt: str) -> None:
    try:
        tokens = tokenize(any_model, prompt)
    except SurgeryError as error:
        assert error.hint
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
    tokenizer.add_special_tokens({"mask_token": name})  # type: ignore[attr-defined]
    loaded = with_tokenizer(tokenizer, "masked")
    prompt = "The [MASK] sat on the [MASK]."
    tokens = tokenize(loaded, prompt)
    assert tokens.prompt == prompt
    assert [prompt[tokens.items[p].start : tokens.items[p].end].strip() for p in tokens.mask_positions] == ["[MASK]"] * 2
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
    with pytest.raises(SurgeryError, match="Nothing of the prompt is left"):
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
def test_that_a_text_finds_its_token(
    model: str, text: str, shown: str, request: pytest.FixtureRequest
) -> None:
    loaded: LoadedModel = request.getfixturevalue(model)
    assert token_text(loaded, token_id(loaded, text)) == shown


def test_that_a_word_finds_the_sentence_piece_that_begins_a_word(sentence: LoadedModel) -> None:
    assert token_text(sentence, token_id(sentence, "the")) == " the"
    assert token_text(sentence, token_id(sentence, " the")) == " the"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("gpt2", "' pineapple' is 3 tokens in this model: ' p', 'ineap', 'ple'. Choose one of them."),
        ("bert", "'pineapple' is 3 tokens in this model: 'pinea', '##pp', '##le'. Choose one of them."),
    ],
)
def test_that_several_tokens_are_shown_to_choose_from(
    model: str, message: str, request: pytest.FixtureRequest
) -> None:
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
    find: Callable[[str], int] = lambda word: token_id(request.getfixturevalue(model), word)  # noqa: E731
    with pytest.raises(SurgeryError, match=sentence):
        find(text)
