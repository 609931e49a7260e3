"""Tokenizers are taken exactly as their files say, new and old."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import SurgeryError
from core.models.tokenizer_files import load_tokenizer
from tests.fixtures.tiny_models import TinyModel


def test_that_a_tokenizer_splits_as_the_one_that_was_saved(tiny_model: TinyModel) -> None:
    text = "Peanut butter, naïve cafés 1234!"
    assert load_tokenizer(tiny_model.folder)(text).input_ids == tiny_model.tokenizer(text).input_ids


def test_that_an_old_byte_pair_tokenizer_is_built_from_its_two_files(gpt2_folder: Path, tiny_gpt2: TinyModel) -> None:
    state = json.loads((gpt2_folder / "tokenizer.json").read_text())["model"]
    (gpt2_folder / "vocab.json").write_text(json.dumps(state["vocab"]))
    merges = [" ".join(pair) for pair in state["merges"]]
    (gpt2_folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (gpt2_folder / name).unlink()
    assert load_tokenizer(gpt2_folder)(tiny_gpt2.prompt).input_ids == tiny_gpt2.tokenizer(tiny_gpt2.prompt).input_ids


def test_that_an_old_word_piece_tokenizer_is_built_from_its_list(bert_folder: Path, tiny_bert: TinyModel) -> None:
    vocabulary = tiny_bert.tokenizer.get_vocab()
    (bert_folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (bert_folder / name).unlink()
    tokenizer = load_tokenizer(bert_folder)
    assert tokenizer(tiny_bert.prompt).input_ids == tiny_bert.tokenizer(tiny_bert.prompt).input_ids
    assert tokenizer.mask_token == "[MASK]"


def test_that_special_tokens_are_known_where_the_files_do_not_name_them(bert_folder: Path) -> None:
    (bert_folder / "tokenizer_config.json").write_text('{"do_lower_case": true, "model_max_length": 64}')
    tokenizer = load_tokenizer(bert_folder)
    assert (tokenizer.mask_token, tokenizer.unk_token, tokenizer.cls_token) == ("[MASK]", "[UNK]", "[CLS]")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"version": "1.0", "model": {"type": "BPE"}}'])
def test_that_a_broken_tokenizer_is_one_sentence(gpt2_folder: Path, content: str) -> None:
    (gpt2_folder / "tokenizer.json").write_text(content)
    with pytest.raises(SurgeryError, match=r"The tokenizer in .* is broken"):
        load_tokenizer(gpt2_folder)


def test_that_a_tokenizer_that_needs_another_library_is_one_sentence(gpt2_folder: Path) -> None:
    (gpt2_folder / "tokenizer.json").unlink()
    (gpt2_folder / "tokenizer_config.json").unlink()
    (gpt2_folder / "tokenizer.model").write_bytes(b"\x0a\x0bnothing")
    with pytest.raises(SurgeryError, match="The tokenizer in"):
        load_tokenizer(gpt2_folder)
