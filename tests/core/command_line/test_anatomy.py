"""``anatomy``: the sheet of a model, of any causal or masked one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.anatomy.questions import asked
from core.anatomy.sheet import FILE, sheet_in
from core.command_line.anatomy_command import _drawn
from core.models.loading import open_model
from core.specimens.plants import PLANTS
from tests.core.command_line.conftest import Said
from tests.fixtures.tiny_models import TinyModel

Command = Callable[..., Said]
SPECIMEN = "specimen-gpt2"


def test_that_a_sheet_is_written_that_the_window_reads(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    for file in tiny_gpt2.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    said = command("anatomy", "--model", tmp_path, "--out", tmp_path / FILE, "--seed", 3)
    assert (said.code, said.out, said.err) == (0, "", "")
    sheet = sheet_in(str(tmp_path), 3, 4)
    assert sheet.seed == 3
    assert {"previous_token", "duplicate_token", "induction"} <= sheet.scores.keys()
    assert sheet.maps == ()


def test_that_a_masked_model_gets_the_scores_that_look_both_ways(command: Command, tiny_bert: TinyModel) -> None:
    document = command("anatomy", "--model", tiny_bert.folder).answer
    assert {"previous_token", "next_token", "induction_before", "masked_copy"} <= document["scores"].keys()


def test_that_a_specimen_gets_maps_of_what_silencing_a_head_does(command: Command) -> None:
    """The mean over the questions of one run with a head's output set to zero, by hooks of our own."""
    import torch

    document = command("anatomy", "--model", SPECIMEN, "--questions", 12).answer
    loaded = open_model(SPECIMEN, device="cpu")
    found = next(each for each in document["maps"] if each["key"] == "occupations")
    questions = asked(loaded, _drawn(PLANTS["occupations"], "causal", 12)[0])
    assert found["questions"] == len(questions) >= 10
    projection = loaded.network.transformer.h[2].attn.c_proj
    width, head = loaded.info.d_head, 5

    def silenced(_: object, args: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        z = args[0].clone()
        z[..., head * width : (head + 1) * width] = 0
        return (z,)

    changes = []
    for question in questions:
        ids = torch.tensor([question.tokens.ids])
        with torch.inference_mode():
            clean = loaded.network(ids).logits[0, -1]
            handle = projection.register_forward_pre_hook(silenced)
            cut = loaded.network(ids).logits[0, -1]
            handle.remove()
        rival = max(question.wrong, key=lambda token: float(clean[token]))
        difference = [float(logits[question.answer] - logits[rival]) for logits in (cut, clean)]
        log_prob = [float(logits.log_softmax(-1)[question.answer]) for logits in (cut, clean)]
        changes.append((difference[0] - difference[1], log_prob[0] - log_prob[1]))
    here = [found[name][2][head] for name in ("d_logit_difference", "d_log_prob")]
    np.testing.assert_allclose(here, np.mean(changes, axis=0), atol=1e-3)


@pytest.mark.parametrize("key", PLANTS.keys())
@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_that_questions_are_ones_whose_answer_can_be_known(key: str, objective: str) -> None:
    questions, groups = _drawn(PLANTS[key], objective, 64)  # type: ignore[arg-type]
    by_prompt = {probe.prompt: probe for probe in PLANTS[key].probes(objective)}  # type: ignore[arg-type]
    assert len(questions) >= 30
    assert all(group.startswith("trained") == (key == "capitals") for group in groups)
    for question in questions:
        odds = by_prompt[question.prompt].odds
        assert all(odds[question.answer] > odds[word] for word in question.wrong)
        assert len(question.wrong) == len(odds) - 1
    assert questions == _drawn(PLANTS[key], objective, 64)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [("--questions", "0"), ("--seed", "-1")])
def test_that_nothing_is_loaded_for_nothing(command: Command, given: tuple[str, str]) -> None:
    assert "There are no questions to ask." in command("anatomy", "--model", SPECIMEN, *given).sentence


def test_that_a_place_that_is_not_there_is_told_before_anything_is_measured(command: Command, tmp_path: Path) -> None:
    said = command("anatomy", "--model", "no-such-model", "--out", tmp_path / "no" / "sheet.json")
    assert "does not exist" in said.sentence
