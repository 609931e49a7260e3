"""``generate``: the answer, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.models.tokenizing import tokenize
from core.runs.generation import MadeToken, Side, filled
from core.text.tokens import Token, Tokens
from tests.core.command_line.conftest import Said
from tests.core.runs.continuations import continued
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

Command = Callable[..., Said]
CUT = "L1.mlp_out=scale(k=-3)"


def arguments(tiny: TinyModel, *more: object) -> tuple[object, ...]:
    return ("generate", "--model", tiny.folder, "--prompt", tiny.prompt, "--device", "cpu", *more)


def test_that_an_answer_says_what_was_continued_how_and_with_what(command: Command, tiny_gpt2: TinyModel) -> None:
    found = command(*arguments(tiny_gpt2, "--cut", CUT, "--length", 5, "--hold", "new", "--seed", 3)).answer
    made = continued(opened(tiny_gpt2), tiny_gpt2.prompt, CUT, length=5, hold="new", seed=3)
    assert list(found) == [
        "schema", "model", "tokens", "plan", "settings", "clean", "operated", "changed", "not_held", "seconds",
    ]  # fmt: skip
    assert found["schema"] == "generate/1"
    assert [token["id"] for token in found["tokens"]] == list(tokenize(opened(tiny_gpt2), tiny_gpt2.prompt).ids)
    assert found["plan"][0]["op"] == "scale"
    assert found["settings"] == {
        "length": 5, "hold": "new", "temperature": 0.0, "top_k": 0, "top_p": 1.0, "seed": 3,
    }  # fmt: skip
    for name, side in (("clean", made.clean), ("operated", made.operated)):
        assert [token["id"] for token in found[name]["tokens"]] == [token.id for token in side.tokens]
        assert list(found[name]["tokens"][0]) == ["id", "text", "log_prob", "prob", "rank", "position"]
        assert found[name]["text"] == tiny_gpt2.tokenizer.decode([token.id for token in side.tokens])
        assert found[name]["ended"] == ""
    different = [a.id != b.id for a, b in zip(made.clean.tokens, made.operated.tokens, strict=True)]
    assert found["changed"] == [number for number, differs in enumerate(different) if differs] != []
    assert found["not_held"] == []


def test_that_what_only_one_side_has_is_changed(tiny_gpt2: TinyModel) -> None:
    side = Side((MadeToken(7, " a", -1.0, 0.4, 1, 5), MadeToken(8, " b", -1.0, 0.4, 1, 6)))
    made = continued(opened(tiny_gpt2), tiny_gpt2.prompt, length=1)
    assert replace(made, clean=side, operated=Side(side.tokens[:1])).differing == (1,)
    assert replace(made, clean=Side(), operated=side).differing == (0, 1)


def test_that_masks_are_filled_in_the_prompt(command: Command, tiny_bert: TinyModel) -> None:
    asked = ("generate", "--model", tiny_bert.folder, "--prompt", "The [MASK] sat on the [MASK].", "--cut", CUT)
    found = command(*asked).answer
    clean = [token["text"] for token in found["clean"]["tokens"]]
    assert found["clean"]["text"] == f"The {clean[0]} sat on the {clean[1]}."
    assert found["clean"]["ended"] == "every mask is filled"
    assert [token["position"] for token in found["clean"]["tokens"]] == [
        token["position"] for token in found["tokens"] if token["text"] == "[MASK]"
    ]


def test_that_an_answer_goes_into_a_file(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    said = command(*arguments(tiny_gpt2, "--length", 2, "--out", file))
    assert (said.code, said.out, said.err) == (0, "", "")
    assert json.loads(file.read_text(encoding="utf-8"))["schema"] == "generate/1"


def test_that_its_plan_can_be_run(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    command(*arguments(tiny_gpt2, "--cut", CUT, "--length", 2, "--out", file))
    run = command("run", "--model", tiny_gpt2.folder, "--prompt", tiny_gpt2.prompt, "--plan", file).answer
    first = json.loads(file.read_text(encoding="utf-8"))["operated"]["tokens"][0]
    assert run["operated"]["top"][0]["id"] == first["id"]
    assert run["operated"]["top"][0]["log_prob"] == pytest.approx(first["log_prob"], abs=1e-4)


def test_that_what_cannot_hold_is_told(command: Command, tiny_gpt2: TinyModel) -> None:
    patch = ("--cut", "embed@0=patch", "--donor-prompt", tiny_gpt2.prompt, "--cut", CUT, "--length", 2)
    assert command(*arguments(tiny_gpt2, *patch, "--hold", "new")).answer["not_held"] == [0]
    assert command(*arguments(tiny_gpt2, *patch)).answer["not_held"] == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--length", "0"),
        ("--length", "1001"),
        ("--length", "ten"),
        ("--hold", "always"),
        ("--temperature", "-1"),
        ("--temperature", "nan"),
        ("--top-k", "-1"),
        ("--top-p", "0"),
        ("--top-p", "1.5"),
        ("--seed", "2147483648"),
        ("--top", "3"),
        ("--seeds", "3"),
        ("--pair", "a|b"),
    ],
)
def test_that_a_value_out_of_bounds_and_what_run_alone_reads_out_are_wrong_usage(
    command: Command, option: str, value: str
) -> None:
    said = command("generate", "--model", "m", "--prompt", "p", option, value)
    assert said.code == 2
    assert option in said.err


def test_that_what_cannot_be_done_is_one_sentence(
    command: Command, tiny_gpt2: TinyModel, tiny_bert: TinyModel, tiny_bert_encoder: TinyModel, tmp_path: Path
) -> None:
    assert command(*arguments(tiny_gpt2, "--cut", "L9.block=silence")).sentence.startswith("There is no layer 9")
    assert "no language-model head" in command(*arguments(tiny_bert_encoder)).sentence
    no_mask = command("generate", "--model", tiny_bert.folder, "--prompt", "The cat sat.").sentence
    assert no_mask == "The prompt has no [MASK]. Put [MASK] where the model is to fill in a word."
    assert "does not exist" in command(*arguments(tiny_gpt2, "--out", tmp_path / "no" / "a.json")).sentence
    assert "is empty" in command("generate", "--model", "m", "--prompt", " ").sentence


def test_that_a_run_that_overflows_says_so(command: Command, tiny_gpt2: TinyModel) -> None:
    said = command(*arguments(tiny_gpt2, "--cut", "L1.block=scale(k=1e38)", "--length", 2))
    assert said.code == 0
    assert "The operated continuation overflowed" in said.err
    found: dict[str, Any] = json.loads(said.out)
    assert (found["operated"]["tokens"], found["operated"]["ended"]) == ([], "the run overflowed")
    assert found["changed"] == [0, 1]


def piece(position: int, text: str, start: int, end: int) -> Token:
    return Token(position, position, text, start, end, False, True)


def test_that_a_filled_prompt_keeps_its_blanks_and_what_is_not_filled_yet() -> None:
    prompt = "[MASK] sat on the<m> and[MASK]"
    items = (piece(0, "m", 0, 6), piece(1, " sat", 6, 17), piece(2, "m", 17, 20), piece(3, "m", 24, 30))
    tokens = Tokens(prompt, items, (0, 2, 3))
    made = [MadeToken(9, text, -1.0, 0.4, 1, position) for text, position in ((" The", 0), (" mat", 2))]
    pieces = filled(tokens, Side(tuple(made)))
    assert [text for text, _ in pieces] == ["The", " sat on the", " mat", " and", "[MASK]"]
    assert [token for _, token in pieces] == [made[0], None, made[1], None, None]
