"""``run``, ``check`` and ``models``: where answers go, and what a failing model looks like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core import paths
from core.command_line import options
from core.command_line.models_command import megabytes
from core.errors import Cancelled
from tests.core.command_line.conftest import Said
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

Command = Callable[..., Said]
CUTS = ("--cut", 'L1H2.z@"pine"=silence', "--cut", "embed@0,-1=noise(sigma=2,seed=3)", "--cut", "L2.block=scale(k=2)")
CHECKS = [
    "empty plan", "residual identities", "attention rows", "pattern and values", "order of parts", "between parts",
    "neurons", "logit lens", "editing z", "head removal", "hooks removed",
]  # fmt: skip


def arguments(tiny: TinyModel, *more: object) -> tuple[object, ...]:
    return ("run", "--model", tiny.folder, "--prompt", tiny.prompt, "--device", "cpu", *more)


def test_that_an_answer_goes_into_a_file_and_nothing_is_said(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    said = command(*arguments(tiny_gpt2, *CUTS, "--out", file))
    assert (said.code, said.out, said.err) == (0, "", "")
    written = json.loads(file.read_text(encoding="utf-8"))
    shown = command(*arguments(tiny_gpt2, *CUTS, "--out", "-")).answer
    assert {**written, "seconds": 0} == {**shown, "seconds": 0}


def test_that_an_answer_holds_letters_as_they_are(command: Command, tiny_gpt2: TinyModel) -> None:
    said = command("run", "--model", tiny_gpt2.folder, "--prompt", "crème brûlée", "--pair", "crème|brûlée")
    assert list(said.answer["clean"]["cosine"]) == ["crème|brûlée"]
    assert "crème|brûlée" in said.out


def test_that_a_previous_answer_is_a_plan_and_gives_the_same_numbers(
    command: Command, tiny_language_model: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    assert command(*arguments(tiny_language_model, *CUTS, "--out", file)).code == 0
    first = json.loads(file.read_text(encoding="utf-8"))
    again = command(*arguments(tiny_language_model, "--plan", file)).answer
    for part in ("plan", "clean", "operated", "effect", "target"):
        assert again[part] == first[part]
    assert first["effect"]["changed"] is True


def test_that_a_plan_file_and_cuts_are_the_same_plan(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(list(CUTS[1::2])))
    by_file, by_cuts = command(*arguments(tiny_gpt2, "--plan", file)), command(*arguments(tiny_gpt2, *CUTS))
    assert by_file.answer["operated"] == by_cuts.answer["operated"]


def test_that_check_shows_a_table_of_every_check(command: Command, tiny_language_model: TinyModel) -> None:
    said = command("check", "--model", tiny_language_model.folder, "--device", "cpu")
    assert (said.code, said.err) == (0, "")
    head, *lines, ending = said.out.splitlines()
    family = tiny_language_model.name.removeprefix("tiny-")
    assert head == f"{tiny_language_model.folder}: {family}, 3 layers x 4 heads, float32 on cpu"
    notes = opened(tiny_language_model).info.notes
    assert lines[len(CHECKS) :] == [f"  note    {note}" for note in notes]
    lines = lines[: len(CHECKS)]
    assert [line[10:].split("  ")[0] for line in lines] == CHECKS
    assert all(line.startswith("  holds   ") for line in lines)
    assert all(line.endswith(", allowed 1e-04)") for line in lines if "(deviation " in line)
    assert "it moves by" in lines[CHECKS.index("editing z")]
    assert ending == "All checks hold."


def test_that_check_says_what_does_not_apply(command: Command, tiny_bert_encoder: TinyModel) -> None:
    said = command("check", "--model", tiny_bert_encoder.folder, "--device", "cpu")
    assert said.code == 0
    assert [line for line in said.out.splitlines() if line.startswith("  n/a")] == [
        "  n/a     logit lens           This model has no language-model head, so there are no logits to compare."
    ]


def test_that_a_model_that_fails_a_check_is_exit_code_1(
    command: Command, tiny_bert: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = opened(tiny_bert)
    wrong = replace(loaded, architecture=replace(loaded.architecture, transposed_projection=True))
    monkeypatch.setattr("core.command_line.check_command.open_quietly", lambda _: wrong)
    said = command("check", "--model", "anything")
    assert said.code == 1
    assert said.err.endswith(
        "failed its self-check (head removal), so do not trust its numbers. Choose another model.\n"
    )
    assert [line[10:30].strip() for line in said.out.splitlines() if "FAILED" in line] == ["head removal"]
    assert said.out.endswith(f"1 of {len(CHECKS)} checks failed.\n")


def test_that_models_lists_every_specimen(command: Command) -> None:
    said = command("models")
    assert (said.code, said.err) == (0, "")
    head, *lines = said.out.splitlines()
    assert head.split()[:4] == ["name", "kind", "family", "parameters"]
    wanted = sorted(folder.name for folder in paths.specimens().iterdir() if (folder / "config.json").is_file())
    assert [line.split()[0] for line in lines if line.split()[1] == "specimen"] == wanted


def test_that_models_says_what_each_needs_and_what_cannot_be_opened(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "specimens", lambda: tmp_path)
    shutil.copytree(tiny_gpt2.folder, tmp_path / "good")
    shutil.copytree(tiny_gpt2.folder, tmp_path / "torn")
    torn = tmp_path / "torn" / "model.safetensors"
    torn.write_bytes(torn.read_bytes()[:100])
    good, broken = command("models").out.splitlines()[1:3]
    assert good.split()[:3] == ["good", "specimen", "gpt2"]
    assert good.count("MB") == 2
    assert broken.split()[:4] == ["torn", "specimen", "gpt2", "?"]
    assert "is truncated" in broken


@pytest.mark.parametrize(
    ("count", "text"), [(None, "?"), (0, "0 MB"), (22_000_000, "22 MB"), (3_100_000_000, "3.1 GB")]
)
def test_that_sizes_can_be_read(count: int | None, text: str) -> None:
    assert megabytes(count) == text


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, Cancelled])
def test_that_a_cancelled_command_is_exit_code_130(
    command: Command, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise interruption

    monkeypatch.setattr("core.models.loading.open_model", stop)
    said = command("check", "--model", "m")
    assert (said.code, said.out, said.err) == (130, "", "Cancelled.\n")


def test_that_progress_is_shown_to_somebody_who_looks_and_wiped_away(
    command: Command, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    said = command("check", "--model", tiny_gpt2.folder, "--device", "cpu")
    assert said.code == 0
    assert "\r\033[KLoading weights " in said.err
    assert "%" in said.err
    assert said.err.endswith("\r\033[K")
    assert "\033" not in said.out


def test_that_half_precision_is_what_is_asked_for(command: Command, tiny_gpt2: TinyModel) -> None:
    assert command(*arguments(tiny_gpt2, "--dtype", "bfloat16")).answer["model"]["dtype"] == "bfloat16"
    assert options.DTYPES == ("float32", "float16", "bfloat16")
