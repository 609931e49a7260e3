"""The answer of ``run`` key by key, for causal, masked and head-less models."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.core.command_line.conftest import Said

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

Command = Callable[..., Said]
N_LAYERS, N_HEADS = 3, 4
MODEL = {
    "name": str, "family": str, "n_layers": int, "n_heads": int, "d_model": int, "vocab_size": int,
    "dtype": str, "device": str,
}  # fmt: skip
TOKEN = {"position": int, "id": int, "text": str}
INCISION = {
    "site": str, "hook_point": str, "layer": int, "head": int, "positions": list, "op": str, "params": dict,
}  # fmt: skip
READOUTS = {
    "log_prob": float, "log_prob_by_layer": list, "logit_difference": float, "rank": int, "cosine": dict,
    "top": list, "entropy": float,
}  # fmt: skip
PREDICTION = {"id": int, "text": str, "log_prob": float, "prob": float}
EFFECT = {"log_prob": float, "logit_difference": float, "kl": float, "changed": bool, "output_changed": bool}
TOP = {
    "schema": str, "model": dict, "tokens": list, "read_position": int, "target": dict, "versus": dict, "plan": list,
    "clean": dict, "operated": dict, "effect": dict, "seconds": float,
}  # fmt: skip


def hold(found: dict[str, Any], kinds: Mapping[str, type], *, empty: tuple[str, ...] = ()) -> None:
    """Compare an object with the contract: the same keys, each of its type, or null where that is meant."""
    assert set(found) == set(kinds)
    for key, kind in kinds.items():
        if key in empty:
            assert found[key] is None, key
        else:
            assert type(found[key]) is kind, f"{key} is {found[key]!r}"


def hold_predictions(side: dict[str, Any], count: int) -> None:
    """Check a prediction table: the likeliest first, and probabilities that belong to the log-probs."""
    assert len(side["top"]) == count
    for entry in side["top"]:
        hold(entry, PREDICTION)
        assert entry["prob"] == pytest.approx(math.exp(entry["log_prob"]), rel=1e-9)
    assert all(a["log_prob"] >= b["log_prob"] for a, b in pairwise(side["top"]))


def ask(command: Command, tiny: TinyModel, *more: object) -> dict[str, Any]:
    return command("run", "--model", tiny.folder, "--prompt", tiny.prompt, "--device", "cpu", *more).answer


def test_that_a_model_with_a_head_answers_every_key_in_its_type(
    command: Command, tiny_language_model: TinyModel
) -> None:
    tiny = tiny_language_model
    cuts = ("--cut", "L1H2.z@2=silence", "--cut", "L0.mlp_out=noise(sigma=2,seed=3)")
    found = ask(command, tiny, *cuts, "--pair", "1|3", "--pair", "butter|-1", "--versus", "the", "--top", 4)
    hold(found, TOP)
    assert found["schema"] == "run/1"
    hold(found["model"], MODEL)
    assert (found["model"]["name"], found["model"]["family"]) == (str(tiny.folder), tiny.name.removeprefix("tiny-"))
    assert (found["model"]["n_layers"], found["model"]["n_heads"]) == (N_LAYERS, N_HEADS)
    assert (found["model"]["dtype"], found["model"]["device"]) == ("float32", "cpu")
    for side in (found["clean"], found["operated"]):
        hold(side, READOUTS)
        assert len(side["log_prob_by_layer"]) == N_LAYERS + 1
        assert all(type(value) is float and value < 0 for value in side["log_prob_by_layer"])
        assert side["log_prob_by_layer"][-1] == pytest.approx(side["log_prob"], abs=1e-6)
        assert list(side["cosine"]) == ["1|3", "butter|-1"]
        for values in side["cosine"].values():
            assert len(values) == N_LAYERS + 1
            assert all(type(value) is float and -1.001 < value < 1.001 for value in values)
        hold_predictions(side, 4)
    hold(found["effect"], EFFECT)
    assert found["effect"]["changed"] is True
    assert found["effect"]["kl"] > 0
    for key in ("log_prob", "logit_difference"):
        assert found["effect"][key] == pytest.approx(found["operated"][key] - found["clean"][key], abs=1e-12)
    assert found["seconds"] > 0


def test_that_tokens_and_plan_are_given_back_as_they_were_understood(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(
        command, tiny_gpt2, "--cut", 'L1H2.z@"pineapple"=silence', "--cut", "embed@0,-1=scale(k=2)", "--cut",
        "L2.block=noise(sigma=1)",
    )  # fmt: skip
    for number, token in enumerate(found["tokens"]):
        hold(token, TOKEN)
        assert token["position"] == number
    assert "".join(token["text"] for token in found["tokens"]) == tiny_gpt2.prompt
    head, embed, block = found["plan"]
    hold(head, INCISION)
    apple = next(t["position"] for t in found["tokens"] if "and pineapple".endswith(t["text"]) and t["position"] > 4)
    assert head["positions"] == [max(apple, head["positions"][0])]
    assert head["site"] == f"L1H2.z@{head['positions'][0]}"
    hold(embed, INCISION, empty=("layer", "head"))
    last = len(found["tokens"]) - 1
    assert (embed["site"], embed["positions"], embed["params"]) == (f"embed@0,{last}", [0, last], {"k": 2.0})
    hold(block, INCISION, empty=("head",))
    assert block["positions"] == list(range(len(found["tokens"])))
    assert block["params"] == {"seed": 0, "sigma": 1.0, "std": "layer"}


def test_that_predictions_are_read_at_the_last_token_or_at_the_mask(
    command: Command, tiny_gpt2: TinyModel, tiny_bert: TinyModel
) -> None:
    causal, masked = ask(command, tiny_gpt2), ask(command, tiny_bert)
    assert causal["read_position"] == len(causal["tokens"]) - 1
    assert [t["position"] for t in masked["tokens"] if t["text"] == "[MASK]"] == [masked["read_position"]]


def test_that_without_a_plan_clean_and_operated_are_one(command: Command, tiny_bert: TinyModel) -> None:
    found = ask(command, tiny_bert, "--pair", "1|mask")
    assert found["plan"] == []
    assert found["clean"] == found["operated"]
    assert found["effect"] == {
        "log_prob": 0.0, "logit_difference": None, "kl": 0.0, "changed": False, "output_changed": False,
    }  # fmt: skip


def test_that_what_was_not_asked_for_is_empty(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(command, tiny_gpt2)
    hold(found, TOP, empty=("versus",))
    hold(found["clean"], READOUTS, empty=("logit_difference",))
    assert found["clean"]["cosine"] == {}
    assert len(found["clean"]["top"]) == 10
    likeliest = found["clean"]["top"][0]
    assert found["target"] == {"id": likeliest["id"], "text": likeliest["text"]}
    assert found["clean"]["rank"] == 1


def test_that_a_target_is_followed_by_name(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(command, tiny_gpt2, "--target", "the", "--top", 10_000)
    assert found["target"]["text"].strip() == "the"
    assert len(found["clean"]["top"]) == found["model"]["vocab_size"]
    place = [entry["id"] for entry in found["clean"]["top"]].index(found["target"]["id"])
    assert found["clean"]["rank"] == place + 1
    assert sum(entry["prob"] for entry in found["clean"]["top"]) == pytest.approx(1.0, abs=1e-9)


def test_that_a_model_without_a_head_answers_similarities_and_empty_predictions(
    command: Command, tiny_bert_encoder: TinyModel
) -> None:
    found = ask(command, tiny_bert_encoder, "--cut", "L1.attn_out@2=silence", "--pair", "1|3")
    hold(found, TOP, empty=("read_position", "target", "versus"))
    for side in (found["clean"], found["operated"]):
        hold(side, READOUTS, empty=("log_prob", "log_prob_by_layer", "logit_difference", "rank", "entropy"))
        assert side["top"] == []
        assert len(side["cosine"]["1|3"]) == N_LAYERS + 1
    hold(found["effect"], EFFECT, empty=("log_prob", "logit_difference", "kl"))


def test_that_an_overflow_is_null_and_never_a_number(command: Command, tiny_gpt2: TinyModel) -> None:
    arguments = ("run", "--model", tiny_gpt2.folder, "--prompt", tiny_gpt2.prompt)
    said = command(*arguments, "--cut", "L1.resid_post=noise(sigma=1e300)")
    found = json.loads(said.out)
    assert said.code == 0
    assert said.err.startswith("The operated run overflowed")
    assert found["operated"]["top"] == []
    for key in ("log_prob", "rank", "entropy"):
        assert found["operated"][key] is None
        assert found["clean"][key] is not None
    assert found["operated"]["log_prob_by_layer"][0] == found["clean"]["log_prob_by_layer"][0]
    assert found["operated"]["log_prob_by_layer"][-1] is None
    assert (found["effect"]["kl"], found["effect"]["changed"]) == (None, True)


def test_that_the_same_request_gives_the_same_numbers(command: Command, tiny_llama: TinyModel) -> None:
    first, second = (ask(command, tiny_llama, "--cut", "L0.block@1=noise(sigma=1,seed=5)") for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
