"""Reference prompts: the shipped sets are whole, and files of the user's own are read or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import SurgeryError
from core.text.prompt_sets import prompt_sets, prompts_of


def test_that_every_shipped_set_says_what_it_is_and_holds_different_prompts() -> None:
    sets = prompt_sets()
    assert {"everyday", "names"} <= set(sets)
    for name, found in sets.items():
        assert found.name == name
        assert found.title and found.help.endswith(".")
        assert len(found.prompts) >= 12
        assert len(set(found.prompts)) == len(found.prompts)
        assert all(prompt == prompt.strip() and "\n" not in prompt and prompt for prompt in found.prompts)


def test_that_everyday_sentences_differ_in_length_so_that_many_positions_are_reached() -> None:
    lengths = {len(prompt.split()) for prompt in prompt_sets()["everyday"].prompts}
    assert min(lengths) <= 6
    assert max(lengths) >= 16
    assert len(lengths) >= 8


def test_that_each_sentence_of_names_holds_its_giver_twice_and_its_receiver_once() -> None:
    for prompt in prompt_sets()["names"].prompts:
        words = [word.strip(",") for word in prompt.split()[1:]]  # the first word is a conjunction
        names = [word for word in words if word[0].isupper()]
        assert len(names) == 3, prompt
        assert names[2] in names[:2], prompt
        assert prompt.endswith(" to"), prompt


def test_that_a_set_is_named_or_is_a_file_with_one_prompt_a_line(tmp_path: Path) -> None:
    assert prompts_of("everyday") == prompt_sets()["everyday"].prompts
    file = tmp_path / "own.txt"
    file.write_text("\n The cat sat. \r\n\nCrème brûlée\n", encoding="utf-8-sig")
    assert prompts_of(str(file)) == ("The cat sat.", "Crème brûlée")


def test_that_a_name_that_is_neither_names_the_sets() -> None:
    with pytest.raises(SurgeryError) as caught:
        prompts_of("nonsense")
    assert str(caught.value) == (
        "There are no reference prompts 'nonsense'. Give a file with one prompt a line, or one of everyday, names."
    )


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\n  \n", "holds no prompt."), (b"", "holds no prompt."), (b"\xff\xfe\x00", "is no text")]
)
def test_that_a_file_without_prompts_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "own.txt"
    file.write_bytes(content)
    with pytest.raises(SurgeryError, match=reason):
        prompts_of(str(file))


@pytest.mark.parametrize("name", ["", os.sep, "a\0b", "x" * 5000])
def test_that_what_can_be_no_file_is_refused(name: str) -> None:
    with pytest.raises(SurgeryError, match=r"cannot be read|no text file|There are no"):
        prompts_of(name)
