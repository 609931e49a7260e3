"""``run`` with other prompts, other models and several seeds: what it answers, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.text.prompt_sets import prompt_sets
from tests.core.command_line.conftest import Said
from tests.core.command_line.test_answer import EFFECT, INCISION, READOUTS, TOP, hold

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

Command = Callable[..., Said]
PROMPT, OTHER, LONGER = "The cat sat on the mat", "The mat sat on the cat", "The cat sat on the cat and the mat"
PATCH = ("--cut", "L1.resid_post=patch")
NOISE = ("--cut", "L0.block@1=noise(sigma=1)")


def said(command: Command, tiny: TinyModel, *more: object) -> Said:
    return command("run", "--model", tiny.folder, "--prompt", PROMPT, "--device", "cpu", *more)


def ask(command: Command, tiny: TinyModel, *more: object) -> dict[str, Any]:
    return said(command, tiny, *more).answer


def top_log_probs(side: dict[str, Any]) -> list[float]:
    return [entry["log_prob"] for entry in side["top"]]


def test_that_a_patch_of_the_whole_stream_gives_the_answer_of_the_donor_prompt(
    command: Command, tiny_gpt2: TinyModel
) -> None:
    found = ask(command, tiny_gpt2, *PATCH, "--donor-prompt", OTHER)
    other = command("run", "--model", tiny_gpt2.folder, "--prompt", OTHER, "--device", "cpu").answer
    assert top_log_probs(found["operated"]) == pytest.approx(top_log_probs(other["clean"]), abs=1e-5)
    hold(found, TOP | {"patching": str}, empty=("versus",))
    (cut,) = found["plan"]
    hold(cut, INCISION | {"sources": list}, empty=("head",))
    assert cut["sources"] == cut["positions"]
    assert found["patching"] == "noising: the corrupted activation goes into the clean run"


def test_that_denoising_is_a_name_and_decides_no_number(command: Command, tiny_gpt2: TinyModel) -> None:
    noising = ask(command, tiny_gpt2, *PATCH, "--donor-prompt", OTHER)
    denoising = ask(command, tiny_gpt2, *PATCH, "--donor-prompt", OTHER, "--denoise")
    assert denoising["patching"] == "denoising: the clean activation goes into the corrupted run"
    same = ("plan", "clean", "operated", "effect")
    assert {key: denoising[key] for key in same} == {key: noising[key] for key in same}


def test_that_a_direction_between_prompts_is_no_patch(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(command, tiny_gpt2, "--cut", "L1.resid_post=project_out(v=donor)", "--donor-prompt", OTHER)
    assert found["effect"]["changed"]
    assert "patching" not in found


def test_that_a_remark_names_the_component(command: Command, tiny_gpt2: TinyModel) -> None:
    (remark,) = ask(command, tiny_gpt2, "--cut", "L1.resid_post=project_out(v=pca2)")["remarks"]
    assert remark["text"].startswith("principal component 2 of the ")


def test_that_tokens_are_matched_as_the_user_says(command: Command, tiny_gpt2: TinyModel) -> None:
    cut = ("--cut", "L1.resid_post@-1,0=patch", "--donor-prompt", LONGER)
    last = len(tiny_gpt2.tokenizer(PROMPT).input_ids) - 1
    found = ask(command, tiny_gpt2, *cut, "--match", f"{last}:3", "--match", " 0 : 2 ")
    assert found["plan"][0]["sources"] == [2, 3]


def test_that_a_token_without_a_counterpart_is_named(command: Command, tiny_gpt2: TinyModel) -> None:
    sentence = said(command, tiny_gpt2, "--cut", "L0.resid_post=patch", "--donor-prompt", "Rome is far").sentence
    assert "no counterpart in the counterfactual prompt. Match it" in sentence


@pytest.mark.parametrize("point", ["pattern", "attn_scores"])
def test_that_rows_of_attention_do_not_come_from_a_longer_prompt(
    command: Command, tiny_gpt2: TinyModel, point: str
) -> None:
    sentence = said(command, tiny_gpt2, "--cut", f"L0H1.{point}@0=patch", "--donor-prompt", LONGER).sentence
    assert sentence.startswith("A row of attention has one entry for each token")
    assert ask(command, tiny_gpt2, "--cut", f"L0H1.{point}@3=patch", "--donor-prompt", OTHER)["effect"]["changed"]


def test_that_neuron_receiver_and_no_op_are_told_where_there_are_any(command: Command, tiny_gpt2: TinyModel) -> None:
    cuts = ("L0N7.mlp_post@2=silence", "L0H1.z@2=silence->L2H3.q", "L1.mlp_out@2=scale(k=1)")
    neuron, path, nothing = ask(command, tiny_gpt2, *(part for cut in cuts for part in ("--cut", cut)))["plan"]
    hold(neuron, INCISION | {"neuron": int}, empty=("head",))
    assert (neuron["site"], neuron["neuron"]) == ("L0N7.mlp_post@2", 7)
    hold(path, INCISION | {"receiver": str})
    assert path["receiver"] == "L2H3.q"
    hold(nothing, INCISION | {"unchanged": bool}, empty=("head",))
    assert nothing["unchanged"] is True


def test_that_an_answer_with_receivers_and_neurons_is_a_plan(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "answer.json"
    cuts = ("--cut", "L0N7.mlp_post@2=silence", "--cut", "L0H1.z@2=silence->L2H3.q", "--cut", "L0.k@1=silence")
    assert said(command, tiny_gpt2, *cuts, "--out", file).code == 0
    first, again = json.loads(file.read_text(encoding="utf-8")), ask(command, tiny_gpt2, "--plan", file)
    assert (again["plan"], again["operated"]) == (first["plan"], first["operated"])


def test_that_reference_prompts_come_from_a_shipped_set_or_a_file(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path
) -> None:
    file = tmp_path / "own.txt"
    short = [prompt for prompt in prompt_sets()["names"].prompts if len(tiny_gpt2.tokenizer(prompt).input_ids) < 60]
    file.write_text("\n".join(short), encoding="utf-8")
    cut = ("--cut", "L0.mlp_out@2=mean(over=references)")
    by_file = ask(command, tiny_gpt2, *cut, "--references", file)
    hold(by_file, TOP | {"remarks": list}, empty=("versus",))
    (remark,) = by_file["remarks"]
    assert (remark["index"], f"{len(short)} reference prompts" in remark["text"]) == (0, True)
    by_name = ask(command, tiny_gpt2, *cut, "--references", "everyday")
    assert by_name["operated"] != by_file["operated"]
    assert by_name["clean"] == by_file["clean"]


def test_that_a_transplant_tells_how_it_was_fitted(
    command: Command, tiny_llama: TinyModel, tiny_gpt2: TinyModel
) -> None:
    options = ("--cut", "L0.resid_post@-1=transplant", "--donor-model", tiny_gpt2.folder, "--references", "everyday")
    found = ask(command, tiny_llama, *options)
    assert found["effect"]["output_changed"] is True
    assert [remark["index"] for remark in found["remarks"]] == [0]
    assert "procrustes" in found["remarks"][0]["text"]


def test_that_several_seeds_answer_with_bands_round_the_mean(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(command, tiny_gpt2, *NOISE, "--seeds", 5, "--pair", "1|3", "--versus", "the")
    hold(found, TOP | {"repeats": int})
    assert found["repeats"] == 5
    hold(found["clean"], READOUTS)
    operated = found["operated"]
    # The rank is a median over seeds, which may lie between two.
    hold(operated, READOUTS | {"rank": float, "bands": dict, "log_prob_by_layer_band": dict, "cosine_band": dict})
    hold(found["effect"], EFFECT)
    for name in ("log_prob", "logit_difference", "entropy"):
        low, high = operated["bands"][name]
        assert low < operated[name] < high
    band = operated["log_prob_by_layer_band"]
    assert len(band["low"]) == len(band["high"]) == len(operated["log_prob_by_layer"])
    assert band["low"][0] == band["high"][0] == operated["log_prob_by_layer"][0], "nothing is random before the cut"
    assert band["low"][-1] < operated["log_prob_by_layer"][-1] < band["high"][-1]
    assert list(operated["cosine_band"]) == ["1|3"]
    curve = operated["cosine_band"]["1|3"]
    assert curve["low"][-1] < operated["cosine"]["1|3"][-1] < curve["high"][-1]


def test_that_a_random_direction_is_drawn_for_each_seed(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(command, tiny_gpt2, "--cut", "L1.resid_post@1=project_out(v=random7)", "--seeds", 3)
    assert found["repeats"] == 3
    low, high = found["operated"]["bands"]["log_prob"]
    assert low < high


def test_that_one_seed_answers_as_ever(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(command, tiny_gpt2, *NOISE, "--seeds", 1)
    hold(found, TOP, empty=("versus",))
    hold(found["operated"], READOUTS, empty=("logit_difference",))


UNUSED = {
    ("--donor-prompt", OTHER): "No cut of this plan takes a donor prompt. Leave --donor-prompt out.",
    ("--match", "0:1"): "No cut of this plan takes a donor prompt. Leave --match out.",
    ("--denoise",): "No cut of this plan takes a donor prompt. Leave --denoise out.",
    ("--references", "names"): "No cut of this plan takes references. Leave --references out.",
    ("--donor-model", "specimen-gpt2"): "No cut of this plan takes a donor model. Leave --donor-model out.",
    ("--seeds", "3"): "No cut of this plan is random. Leave --seeds out.",
}


@pytest.mark.parametrize("options", UNUSED)
def test_that_what_no_cut_takes_is_refused_before_a_model_is_opened(command: Command, options: tuple[str, ...]) -> None:
    refused = command("run", "--model", "no such model", "--prompt", "x", "--cut", "embed@0=silence", *options)
    assert refused.sentence == UNUSED[options]


REFUSED = {
    (*PATCH, "--donor-prompt", " "): "The counterfactual prompt is empty. Type a sentence.",
    (*PATCH, "--match", "0:1"): "There is no counterfactual prompt to match tokens with. Give one first.",
    (*PATCH, "--donor-prompt", "x", "--match", "4-5"): "'4-5' is no match of tokens. "
    "Write it like 4:5, the position in the prompt first.",
    (*PATCH, "--donor-prompt", "x", "--match", "1:2", "--match", "1:3"): "'1:3' matches a token that is matched already. "
    "Match each token once.",
    ("--cut", "embed@0=resample", "--references", "nonsense"): "There are no reference prompts 'nonsense'. "
    "Give a file with one prompt a line, or one of everyday, names.",
}  # fmt: skip


@pytest.mark.parametrize("options", REFUSED)
def test_that_other_texts_that_cannot_be_used_say_why(command: Command, options: tuple[str, ...]) -> None:
    assert command("run", "--model", "no such model", "--prompt", "x", *options).sentence == REFUSED[options]


def test_that_a_match_with_a_token_that_is_not_there_is_said(command: Command, tiny_gpt2: TinyModel) -> None:
    sentence = said(command, tiny_gpt2, *PATCH, "--donor-prompt", OTHER, "--match", "0:99").sentence
    assert sentence.startswith("Token 0 is matched with 99, but the counterfactual prompt has no token 99.")


def test_that_other_prompts_longer_than_the_context_are_said(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path
) -> None:
    sentence = said(command, tiny_gpt2, *PATCH, "--donor-prompt", "the " * 100).sentence
    assert sentence.startswith("The counterfactual prompt is ")
    file = tmp_path / "own.txt"
    file.write_text("The cat sat.\n" + "the " * 100)
    sentence = said(command, tiny_gpt2, "--cut", "embed@0=resample", "--references", file).sentence
    assert sentence.startswith("Reference prompt 2 is ")


def test_that_a_donor_model_that_is_not_there_is_said(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    options = ("--cut", "embed@0=transplant", "--donor-model", tmp_path / "missing")
    assert said(command, tiny_gpt2, *options).sentence.startswith(f"There is no folder {tmp_path / 'missing'}.")


@pytest.mark.parametrize("count", ["0", "101", "-1", "1.5", "many", ""])
def test_that_a_number_of_seeds_from_1_to_100_is_the_only_right_usage(command: Command, count: str) -> None:
    wrong = command("run", "--model", "m", "--prompt", "p", *NOISE, "--seeds", count)
    assert (wrong.code, wrong.out) == (2, "")
    assert "from 1 to 100" in wrong.err or "--seeds" in wrong.err
