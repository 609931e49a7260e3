"""What the dialog says of a model is true of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui.dialogs import model_words as words
from tests.gui.dialogs.made_models import ENTRIES, GB, devices, entry, held

SPECIMEN, LARGE, BEGUN, OTHER, BROKEN = ENTRIES


def place(dtype: str = "float32", *models: tuple[str, bool], free: int = 4 * GB) -> words.Place:
    return words.Place(device=devices(free)[0], dtype=dtype, held=held(*models) if models else None)


@pytest.mark.parametrize(
    ("n_parameters", "text"), [(5_030_656, "5.0 M"), (124_439_808, "124 M"), (7_241_732_096, "7.2 B"), (None, "")]
)
def test_that_parameters_are_counted_in_millions_and_billions(n_parameters: int | None, text: str) -> None:
    assert words.parameters(entry("x", n_parameters=n_parameters)) == text


def test_that_half_the_bytes_need_half_the_memory() -> None:
    assert (words.memory(LARGE, "float32"), words.memory(LARGE, "bfloat16")) == ("31 GB", "15 GB")


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (place(free=40 * GB), "fits"),
        (place(), "too large, 4.0 GB free"),
        (place("bfloat16", free=16 * GB), "fits"),
        (place("bfloat16", ("a", True), ("b", False), free=14 * GB), "fits if others are let go"),
        (place("float32", ("owner/large", False)), "in memory"),
        (place("float32", ("owner/large", True)), "open"),
        (place("bfloat16", ("owner/large", True)), "too large, 4.0 GB free"),
        (words.Place(device=None, dtype="float32", held=None), ""),
        (words.Place(device=devices()[1], dtype="float32", held=None), ""),
    ],
)
def test_that_the_state_says_whether_it_can_be_opened_now(where: words.Place, text: str) -> None:
    assert words.state(LARGE, where) == text


def test_that_what_cannot_be_opened_says_why_and_a_download_how_far_it_came() -> None:
    assert words.state(BROKEN, place()) == "cannot be opened"
    assert words.details(BROKEN, place()) == "The folder has no tokenizer."
    assert words.state(BEGUN, place()) == "40% of 500 MB are here"
    assert "goes on where it stopped" in words.details(BEGUN, place())
    unknown = entry("x", supported=False, n_parameters=None, present_bytes=200_000_000)
    assert words.state(unknown, place()) == "200 MB of it are here"


def test_that_details_tell_supported_from_tried() -> None:
    assert words.details(SPECIMEN, place()) == (
        "Family GPT-2: supported. It needs 22 MB in float32, and 4.0 GB are free: it fits."
    )
    assert words.details(LARGE, place()).endswith("It needs 31 GB in float32, and 4.0 GB are free: it is too large.")
    assert "tried by its structure" in words.details(OTHER, place())
    assert words.details(SPECIMEN, place("float32", ("specimen-gpt2", True))).endswith("It is open.")


@pytest.mark.parametrize(
    ("text", "button"),
    [("owner/name", "Download and open"), ("/models/x", "Open"), ("~/x", "Open"), ("C:\\x", "Open"), ("", "Open")],
)
def test_that_the_button_says_what_a_typed_text_does(text: str, button: str) -> None:
    assert words.button(None, text) == button


def test_that_the_button_continues_a_download() -> None:
    assert words.button(BEGUN, "") == "Continue the download"
    assert words.button(SPECIMEN, "") == "Open"


def test_that_a_folder_that_is_there_is_no_model_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "checkpoint").mkdir()
    monkeypatch.chdir(tmp_path)
    assert words.offer("checkpoint") == "the folder checkpoint"
    assert words.offer("gpt2") == "gpt2, from the hub"


@pytest.mark.parametrize(
    ("text", "found"),
    [("", 5), ("OWNER", 3), ("made", 1), ("gpt-2 specimen", 1), ("owner large", 1), ("nothing like it", 0)],
)
def test_that_every_word_is_looked_for_in_name_and_family(text: str, found: int) -> None:
    assert sum(words.matches(each, text) for each in ENTRIES) == found
