"""What the command line answers, against the same with plain hooks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.command_line import main
from tests.fixtures.plain_families import paths_of
from tests.fixtures.plain_operations import Situation
from tests.fixtures.plain_runs import PlainModel

if TYPE_CHECKING:
    from torch import Tensor

    from tests.fixtures.plain_runs import PlainCut, PlainRun
    from tests.fixtures.tiny_models import TinyModel

CLOSE = 1e-4
FAMILY = {"tiny-gpt2": "gpt2", "tiny-llama": "llama", "tiny-bert": "bert"}
AT = (2, 4)
# In the notation, and the same in the words of a notebook: operation, parameters, hook point, layer, head.
CUTS: dict[str, tuple[str, dict[str, Any], str, int | None, int | None]] = {
    "L1H3.z@2,4=silence": ("silence", {}, "z", 1, 3),
    "embed@2,4=scale(k=0.5)": ("scale", {"k": 0.5}, "embed", None, None),
    "L2.resid_post@2,4=scale(k=1.0)": ("scale", {"k": 1.0}, "resid_post", 2, None),
    "L0.mlp_out@2,4=noise(sigma=2.0,seed=3)": (
        "noise",
        {"sigma": 2.0, "seed": 3, "std": "layer"},
        "mlp_out",
        0,
        None,
    ),
    "L1.attn_out@2,4=noise(sigma=0.5,seed=1,std=token)": (
        "noise",
        {"sigma": 0.5, "seed": 1, "std": "token"},
        "attn_out",
        1,
        None,
    ),
    "L1.resid_mid@2,4=shuffle(seed=4)": ("shuffle", {"seed": 4}, "resid_mid", 1, None),
    "L2H1.q@2,4=mean(over=prompt)": ("mean", {"over": "prompt"}, "q", 2, 1),
    "L1H2.pattern@2,4=knockout(keys=1)": ("knockout", {"keys": "1"}, "pattern", 1, 2),
    "L1.block@2,4=skip": ("skip", {}, "block", 1, None),
}


def plain_of(tiny: TinyModel) -> tuple[PlainModel, tuple[int, ...]]:
    """Return a tiny model for plain runs, and the prompt's tokens."""
    return PlainModel(tiny.model, paths_of(FAMILY[tiny.name])), tuple(tiny.tokenizer(tiny.prompt).input_ids)


def plain_cut(now: Situation, name: str) -> PlainCut:
    """Return one of the cuts above with plain hooks."""
    operation, params, point, layer, head = CUTS[name]
    return now.cut(operation, params, (point, layer), head)


def lens(model: Any, hidden: Tensor) -> Tensor:
    """Return the logits of a raw residual, as the model itself would make them at its end."""
    base = model.base_model
    if hasattr(base, "ln_f"):
        return model.lm_head(base.ln_f(hidden))
    return model.lm_head(base.norm(hidden)) if hasattr(base, "norm") else model.cls(hidden)


def expected(plain: PlainModel, run: PlainRun, read: int, target: int, versus: int) -> dict[str, Any]:
    """Return every readout of one side by plain formulas."""
    assert run.logits is not None
    with torch.no_grad():
        by_layer = torch.stack([lens(plain.model, layer[None])[0, read] for layer in run.residuals])
    log_probs = by_layer.double().log_softmax(-1)
    last = run.logits[read].double().log_softmax(-1)
    return {
        "log_prob": last[target].item(),
        "log_prob_by_layer": log_probs[:, target].tolist(),
        "logit_difference": (run.logits[read, target] - run.logits[read, versus]).item(),
        "rank": int((last > last[target]).sum()) + 1,
        "cosine": torch.nn.functional.cosine_similarity(run.residuals[:, 2], run.residuals[:, 5], dim=-1).tolist(),
        "entropy": -(last.exp() * last).sum().item(),
        "top": last.topk(5).indices.tolist(),
        "log_probs": last,
    }


def answer(tiny: TinyModel, cuts: list[str], capsys: pytest.CaptureFixture[str], versus: int | None) -> dict[str, Any]:
    """Run the command line and return its answer."""
    arguments = ["run", "--model", str(tiny.folder), "--prompt", tiny.prompt, "--device", "cpu", "--pair", "2|5"]
    for cut in cuts:
        arguments += ["--cut", cut]
    if versus is not None:
        piece = tiny.tokenizer.convert_ids_to_tokens(versus)
        arguments += ["--versus", piece if "##" in piece else tiny.tokenizer.convert_tokens_to_string([piece])]
    assert main([*arguments, "--top", "5"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def compare(side: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Compare one side of an answer with the plain computation."""
    for name in ("log_prob", "log_prob_by_layer", "entropy", "logit_difference"):
        assert side[name] == pytest.approx(wanted[name], abs=CLOSE), name
    assert side["cosine"]["2|5"] == pytest.approx(wanted["cosine"], abs=CLOSE)
    assert [entry["id"] for entry in side["top"]] == wanted["top"]
    assert side["rank"] == wanted["rank"]


def checked(tiny: TinyModel, names: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Compare an answer with plain hooks and return it."""
    plain, ids = plain_of(tiny)
    mask = tiny.tokenizer.mask_token_id
    read, versus = ids.index(mask) if mask in ids else len(ids) - 1, ids[3]
    cuts = [plain_cut(Situation(plain, ids, AT, keys=(1,)), name) for name in names]
    clean, operated = plain.clean(ids), plain.run(ids, cuts)
    assert clean.logits is not None
    target = int(clean.logits[read].argmax())
    found = answer(tiny, names, capsys, versus)
    before, after = (expected(plain, run, read, target, versus) for run in (clean, operated))
    assert tuple(token["id"] for token in found["tokens"]) == ids
    assert (found["target"]["id"], found["versus"]["id"]) == (target, versus)
    compare(found["clean"], before)
    compare(found["operated"], after)
    p, q = before["log_probs"], after["log_probs"]
    assert found["effect"]["kl"] == pytest.approx((p.exp() * (p - q)).sum().item(), abs=CLOSE)
    assert found["effect"]["log_prob"] == pytest.approx(after["log_prob"] - before["log_prob"], abs=CLOSE)
    return found


@pytest.mark.parametrize("name", CUTS)
def test_that_the_command_line_answers_what_plain_hooks_give(
    tiny_language_model: TinyModel, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = checked(tiny_language_model, [name], capsys)
    assert found["effect"]["changed"] is ("k=1.0" not in name)


def test_that_a_plan_on_the_command_line_is_made_in_model_order(
    tiny_language_model: TinyModel, capsys: pytest.CaptureFixture[str]
) -> None:
    checked(tiny_language_model, list(reversed(CUTS)), capsys)


def test_that_an_encoder_without_a_head_gives_similarities_and_no_predictions(
    tiny_bert_encoder: TinyModel, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = tiny_bert_encoder
    plain = PlainModel(tiny.model, replace(paths_of("bert"), blocks="encoder.layer"))
    ids = tuple(tiny.tokenizer(tiny.prompt).input_ids)
    stream = plain.run(ids, [Situation(plain, ids, (2,)).cut("silence", {}, ("z", 1), 2)]).residuals
    found = answer(tiny, ["L1H2.z@2=silence"], capsys, None)
    assert found["operated"]["cosine"]["2|5"] == pytest.approx(
        [float((layer[2] @ layer[5]) / layer[2].norm() / layer[5].norm()) for layer in stream], abs=CLOSE
    )
    assert found["operated"]["log_prob"] is None
    assert found["operated"]["log_prob_by_layer"] is None
    assert found["operated"]["top"] == []
    assert {name: value for name, value in found["effect"].items() if "changed" not in name} == {
        "log_prob": None,
        "logit_difference": None,
        "kl": None,
    }
    assert found["effect"]["changed"] is True
