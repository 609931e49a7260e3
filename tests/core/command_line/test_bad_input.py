"""Each bad input is one clear sentence on standard error and the exit code 1."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from core.models import catalogue, hub
from core.models.architectures import ARCHITECTURES
from tests.core.command_line.conftest import Said
from tests.fixtures.hub_server import HubServer, Repository, hub_server

__all__ = ["hub_server"]  # a fixture

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

Command = Callable[..., Said]
NO_CUT = "Write it like L3H5.z@4=silence, L10.resid_post@mask=noise(sigma=2,seed=0) or L3H5.z=mean->L8H6.q."


@pytest.fixture
def folder(tiny_gpt2: TinyModel, tmp_path: Path) -> Path:
    """Return a checkpoint that may be damaged."""
    return Path(shutil.copytree(tiny_gpt2.folder, tmp_path / "checkpoint"))


def ask(command: Command, tiny: TinyModel, *more: object) -> str:
    """Return the sentence that an ordinary run with something wrong in it ends with."""
    return command("run", "--model", tiny.folder, "--prompt", tiny.prompt, "--device", "cpu", *more).sentence


def opening(command: Command, model: object) -> str:
    """Return the sentence that opening a model ends with, the same for every command that opens one."""
    run = command("run", "--model", model, "--prompt", "The cat", "--device", "cpu").sentence
    assert command("check", "--model", model, "--device", "cpu").sentence == run
    return run


@pytest.mark.parametrize("prompt", ["", " ", "\n\t "])
def test_that_an_empty_prompt_is_said(command: Command, tiny_model: TinyModel, prompt: str) -> None:
    said = command("run", "--model", tiny_model.folder, "--prompt", prompt)
    assert said.sentence == "The prompt is empty. Type a sentence."


def test_that_a_prompt_longer_than_the_context_says_by_how_much(command: Command, tiny_bert: TinyModel) -> None:
    said = command("run", "--model", tiny_bert.folder, "--prompt", "the " * 70 + "[MASK]")
    assert said.sentence == (
        f"The prompt is 73 tokens long, but {tiny_bert.folder} takes at most 64. Shorten it by 9 tokens."
    )


def test_that_a_masked_model_without_a_mask_says_where_to_put_it(command: Command, tiny_bert: TinyModel) -> None:
    said = command("run", "--model", tiny_bert.folder, "--prompt", "The cat sat")
    assert said.sentence == "The prompt has no [MASK]. Put [MASK] where the model is to fill in a word."


LAYERS = "There is no layer 3: {model} has 3 layers. Choose a layer from 0 to 2."
HEADS = "There is no head 4: {model} has 4 heads in a layer. Choose a head from 0 to 3."
PLACES = 'Write positions like 4, -1, 2-5, 0,3,7, all, mask or "a text".'
CUTS = {
    "L3.block=silence": LAYERS,
    "L3H0.z=silence": LAYERS,
    "L0H4.z@0=silence": HEADS,
    'embed@"ketchup"=silence': "The text 'ketchup' does not stand in the prompt. Check its spelling, or give a position.",
    "embed@99=silence": "There is no token 99: the prompt has {n} tokens. Choose a position from 0 to {last}, or from "
    "-{n} to -1 counted from the end.",
    "embed@mask=silence": "The prompt has no [MASK]. Put [MASK] where the model is to fill in a word.",
    "embed@one=silence": f"'one' does not name token positions. {PLACES}",
    "embed@5-2=silence": "The range 5-2 runs backwards. Write it as 2-5.",
    "embed=silense": "There is no operation 'silense'. Did you mean silence?",
    "embed=explode": "There is no operation 'explode'. This version has: knockout, matched_noise, mean, median, noise, "
    "patch, project_out, resample, scale, shuffle, silence, skip, transplant.",
    "embed=scale(q=2)": "The operation scale has no parameter 'q'. It takes k.",
    "embed=scale(k=nan)": "k cannot be 'nan'. Give a number.",
    "embed=noise(sigma=-1)": "sigma cannot be '-1'. Give a number from 0.",
    "L0.resid_pst=silence": "There is no hook point 'resid_pst'. "
    "Choose one of embed, resid_pre, q, k, v, attn_scores, pattern, z, attn_out, resid_mid, mlp_pre, mlp_post, mlp_out, "
    "block, resid_post, logits.",
    "z=silence": "The hook point z needs a layer. Write it as L3H5.z.",
    "L0H1.mlp_out=silence": "The hook point mlp_out has no head. Write it as L3.mlp_out.",
    "L0N9999.mlp_post=silence": "There is no neuron 9999: {model} has 128 neurons in a layer. "
    "Choose a neuron from 0 to 127.",
    "L0H1.pattern=noise": "Noise makes no sense at pattern. Its size is that of hidden states, which says nothing about "
    "attention. Use it at embed, resid_pre, q, k, v, z, attn_out, resid_mid, mlp_pre, mlp_post, mlp_out, block, "
    "resid_post, logits.",
    "L0H1.z=skip": "Skip makes no sense at z. Only what is added to the residual stream can be skipped. "
    "Use it at attn_out, mlp_out, block.",
    "L0.mlp_out=mean": "All tokens are chosen: there are no others to average over. "
    "Choose fewer tokens, or average over reference prompts.",
    "L0.mlp_out=mean(over=everything)": "over cannot be 'everything'. Choose one of prompt, references, scalar.",
    "L0.mlp_out@0=patch": "Patch needs a counterfactual prompt. Give one with --donor-prompt.",
    "L0.mlp_out@0=resample": "Resample needs reference prompts. Give a set, or a file of your own, with --references.",
    "embed@0=transplant": "Transplant needs a donor model. Give one with --donor-model.",
    "L1H0.z=silence->L1H0.q": "Only layers after layer 1 read what L1H0.z adds. Choose q, k or v of a later layer, or the logits.",
    "silence": f"'silence' is not a cut. {NO_CUT}",
    "": f"'' is not a cut. {NO_CUT}",
}  # fmt: skip


@pytest.mark.parametrize("cut", CUTS)
def test_that_a_cut_that_cannot_be_made_says_why(command: Command, tiny_gpt2: TinyModel, cut: str) -> None:
    count = len(tiny_gpt2.tokenizer(tiny_gpt2.prompt).input_ids)
    wanted = CUTS[cut].format(model=tiny_gpt2.folder, n=count, last=count - 1) if "{" in CUTS[cut] else CUTS[cut]
    assert ask(command, tiny_gpt2, "--cut", cut) == wanted


@pytest.mark.parametrize("pair", ["", "pizza", "|pizza", "pizza|", " | "])
def test_that_what_is_no_pair_says_how_to_write_one(command: Command, tiny_gpt2: TinyModel, pair: str) -> None:
    assert ask(command, tiny_gpt2, "--pair", pair) == (
        f'{pair!r} is not a pair. Write it like "pineapple|pizza" or "4|9".'
    )


@pytest.mark.parametrize(
    ("pair", "start"),
    [
        ("ketchup|pizza", "The text 'ketchup' does not stand in the prompt."),
        ("0|99", "There is no token 99: "),
        ("mask|0", "The prompt has no [MASK]."),
        ("9" * 5000 + "|0", "The text '999"),
    ],
)
def test_that_a_pair_that_is_not_there_is_said(command: Command, tiny_gpt2: TinyModel, pair: str, start: str) -> None:
    assert ask(command, tiny_gpt2, "--pair", pair).startswith(start)


def test_that_a_pair_with_two_masks_is_said(command: Command, tiny_bert: TinyModel) -> None:
    said = command("run", "--model", tiny_bert.folder, "--prompt", "[MASK] and [MASK]", "--pair", "mask|1")
    assert said.sentence == "mask means 2 tokens. A pair compares two single tokens."


@pytest.mark.parametrize("option", ["--target", "--versus"])
def test_that_a_word_of_several_tokens_shows_them(command: Command, tiny_gpt2: TinyModel, option: str) -> None:
    said = ask(command, tiny_gpt2, option, "xylophone")
    assert said.startswith("' xylophone' is ")
    assert said.endswith("Choose one of them.")
    assert ask(command, tiny_gpt2, option, "") == "No text was given for a token. Type a word."


@pytest.mark.parametrize("option", ["--target", "--versus"])
def test_that_a_target_for_a_model_without_a_head_is_said(
    command: Command, tiny_bert_encoder: TinyModel, option: str
) -> None:
    assert ask(command, tiny_bert_encoder, option, "pizza") == (
        "This model has no language-model head: it predicts nothing. "
        "Similarity curves work; for predictions choose a causal or a masked language model."
    )


def test_that_the_first_mistake_is_found_before_a_model_is_opened(command: Command) -> None:
    said = command("run", "--model", "no such model", "--prompt", "x", "--cut", "nonsense")
    assert said.sentence.startswith("'nonsense' is not a cut.")


PLANS: dict[str, Any] = {
    "{": "is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1). "
    "Write a JSON list of cuts.",
    "": "is not JSON: Expecting value: line 1 column 1 (char 0). Write a JSON list of cuts.",
    "5": "The plan file holds no list of cuts.",
    '{"plan": 5}': "The plan file holds no list of cuts.",
    "[5]": "Entry 1 of the plan file is not a cut.",
    '["embed=silence", {"op": "silence"}]': "Entry 2 of the plan file is not a cut.",
    '[{"site": "embed", "op": "noise", "params": {"seed": Infinity}}]': "seed cannot be inf.",
    '["L9.block=silence"]': "There is no layer 9: ",
}  # fmt: skip


@pytest.mark.parametrize("text", PLANS)
def test_that_a_plan_file_that_cannot_be_followed_says_why(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text)
    assert PLANS[text] in ask(command, tiny_gpt2, "--plan", file)


def test_that_a_plan_file_that_cannot_be_read_is_named(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert ask(command, tiny_gpt2, "--plan", missing) == (
        f"The plan file {missing} cannot be read: No such file or directory. Check its name."
    )
    assert "cannot be read: Is a directory." in ask(command, tiny_gpt2, "--plan", tmp_path)
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    assert "is not JSON" in ask(command, tiny_gpt2, "--plan", binary)
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    assert "is not JSON" in ask(command, tiny_gpt2, "--plan", deep)


def test_that_an_answer_into_a_missing_folder_is_refused_before_the_work(
    command: Command, tmp_path: Path, tiny_gpt2: TinyModel
) -> None:
    missing = tmp_path / "missing"
    said = command("run", "--model", "no such model", "--prompt", "x", "--out", missing / "out.json")
    assert said.sentence == f"The folder {missing} does not exist. Make it first."
    for no_file in (tmp_path, ""):
        said = command("run", "--model", "no such model", "--prompt", "x", "--out", no_file)
        assert said.sentence == f"{str(no_file)!r} is not a file's name. Give --out a file, or - for standard output."


def test_that_a_folder_that_is_no_checkpoint_is_said(command: Command, tmp_path: Path) -> None:
    assert opening(command, tmp_path).startswith(f"The folder {tmp_path} is empty.")
    (tmp_path / "notes.txt").write_text("hello")
    assert opening(command, tmp_path).startswith(f"The folder {tmp_path} is no checkpoint: it has no config.json.")
    assert opening(command, tmp_path / "notes.txt").startswith(f"{tmp_path / 'notes.txt'} is a file")
    assert opening(command, tmp_path / "missing").startswith(f"There is no folder {tmp_path / 'missing'}.")


def test_that_truncated_weights_are_said(command: Command, folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    said = opening(command, folder)
    assert said.startswith(f"The file {file} is truncated: ")
    assert said.endswith("Delete the file and download the model again.")


@pytest.mark.parametrize("start", [b"\xff" * 8, b"\x08\x00\x00\x00\x00\x00\x00\x00nonsense", b""])
def test_that_corrupted_weights_are_said(command: Command, folder: Path, start: bytes) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(start and start + file.read_bytes()[len(start) :])
    said = opening(command, folder)
    assert said.startswith(f"The file {file} is ")
    assert said.endswith("Delete the file and download the model again.")


def test_that_an_unsupported_family_names_the_supported_ones(command: Command, folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "unheard_of"}))
    said = opening(command, folder)
    assert said.startswith("The family 'unheard_of' is not supported yet. Supported families: gpt2, ")
    assert said.endswith(f" and {len(ARCHITECTURES) - said.count(',') - 1} more.")


def test_that_an_unknown_model_without_a_network_names_those_that_are_there(command: Command) -> None:
    said = opening(command, "nobody/nothing-of-that-name")
    assert said.startswith("The model nobody/nothing-of-that-name is not complete in the local cache")
    assert opening(command, "").startswith("No model was named.")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["run"],
        ["run", "--model", "m"],
        ["run", "--model", "m", "--prompt", "p", "--device", "abacus"],
        ["run", "--model", "m", "--prompt", "p", "--top", "0"],
        ["run", "--model", "m", "--prompt", "p", "--top", "many"],
        ["run", "--model", "m", "--prompt", "p", "--sauce"],
        ["check"],
        ["models", "--model", "m"],
    ],
)
def test_that_wrong_usage_is_exit_code_2_and_says_how_to_use_it(command: Command, arguments: list[str]) -> None:
    said = command(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("usage: main.py")
    assert "Traceback" not in said.err


@pytest.fixture
def published(
    hub_server: HubServer, tiny_gpt2: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Repository:
    """A model on a stand-in for the hub, which is where the command line looks."""
    made = hub.Hub(endpoint=hub_server.address, cache=tmp_path / "cache")
    monkeypatch.setattr(catalogue, "Hub", lambda: made)
    return hub_server.publish("someone/tiny", tiny_gpt2.folder)


def test_that_a_network_gone_in_the_middle_is_said_and_the_next_try_succeeds(
    command: Command, published: Repository
) -> None:
    published.drops = [5000, *[0] * 50]
    assert "connection" in opening(command, "someone/tiny").lower()
    published.drops = []
    assert command("check", "--model", "someone/tiny", "--device", "cpu").code == 0


def test_that_a_disk_without_room_is_said(
    command: Command, published: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.models.hub.shutil.disk_usage", lambda _: SimpleNamespace(total=10**6, used=0, free=1000))
    assert "free" in opening(command, "someone/tiny")
