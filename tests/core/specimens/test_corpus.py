"""A folder of text becomes documents, every hundredth of each file held out."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from core.errors import SurgeryError
from core.specimens.card import CREDITS
from core.specimens.corpus import documents, read_corpus
from core.specimens.recipe import RECIPES, TEXT_WEIGHTS, recipe_named


def write(folder: Path, name: str, *texts: str) -> None:
    content = "\n<|endoftext|>\n".join(texts).encode("utf-8")
    (folder / name).write_bytes(lzma.compress(content) if name.endswith(".xz") else content)


@pytest.mark.parametrize("name", ["tales.txt", "tales.txt.xz"])
def test_that_documents_stand_between_separators_plain_or_compressed(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "One day.\nIt rained.", "  ", "Crème.\n")
    assert list(documents(tmp_path / name)) == ["One day.\nIt rained.", "Crème."]


def test_that_a_list_of_sentences_is_cut_into_groups_of_twelve(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("\n\n".join(f"Line {n}." for n in range(30)))
    found = list(documents(tmp_path / "lines.txt"))
    assert [len(each.splitlines()) for each in found] == [12, 12, 6]
    assert found[2].endswith("Line 29.")


def test_that_every_hundredth_document_of_each_file_is_held_out_and_never_trained_on(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", *(f"a {n}" for n in range(250)))
    write(tmp_path, "b.txt", *(f"b {n}" for n in range(3)))
    found = read_corpus(tmp_path, {"a": 1, "b": 2})
    assert found.validation == ("a 0", "a 100", "a 200", "b 0")
    assert not set(found.train) & set(found.validation)
    assert len(found.train) == 247 + 2 * 2


def test_that_weights_repeat_what_is_trained_on_and_name_what_is_read(tmp_path: Path) -> None:
    for name in ("a", "b", "unnamed"):
        write(tmp_path, f"{name}.txt", "held out", f"{name} kept")
    found = read_corpus(tmp_path, {"b": 3, "missing": 5, "a": 1})
    assert found.train == ("b kept",) * 3 + ("a kept",)
    assert found.sources == ("b", "a")


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: write(folder, "a.txt", "only one")])
def test_that_a_folder_without_text_to_train_on_is_said(tmp_path: Path, make: object) -> None:
    make(tmp_path)  # type: ignore[operator]
    with pytest.raises(SurgeryError) as caught:
        read_corpus(tmp_path, {"a": 1, "b": 1})
    assert caught.value.message == f"There is no training text in {tmp_path}."
    assert caught.value.hint == "Put at least one of these files there: a, b (.txt or .txt.xz)."


def test_that_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(SurgeryError, match="There is no training text in"):
        read_corpus(tmp_path / "missing", TEXT_WEIGHTS)


def test_that_every_text_that_may_be_trained_on_is_credited() -> None:
    for recipe in RECIPES.values():
        assert set(recipe.text_weights) <= set(CREDITS)


def test_that_recipes_are_found_by_name() -> None:
    assert recipe_named("specimen-gpt2").objective == "causal"
    with pytest.raises(SurgeryError) as caught:
        recipe_named("specimen-gpt3")
    assert str(caught.value).startswith("There is no recipe 'specimen-gpt3'. Choose one of specimen-gpt2")
