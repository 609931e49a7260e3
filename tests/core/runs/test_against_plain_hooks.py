"""The engine's numbers against an independent computation, on every family."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from core.command_line import main
from core.interventions.ops import OPERATIONS
from core.sites.hook_point import HOOK_POINTS
from tests.fixtures.plain_hooks import PlainCut, expected

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

CLOSE = 1e-4
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "silence": [{}],
    "scale": [{"k": 0.5}, {"k": -1.0}, {"k": 1.0}],
    "noise": [{"sigma": 2.0, "seed": 3}, {"sigma": 0.5, "seed": 1, "std": "token"}],
}
CASES = [
    (point, operation, params) for point in HOOK_POINTS for operation in SETTINGS for params in SETTINGS[operation]
]


def notation(cut: PlainCut) -> str:
    """Write a plain cut as a user would."""
    site = cut.point
    if cut.layer is not None:
        site = f"L{cut.layer}{'' if cut.head is None else f'H{cut.head}'}.{cut.point}"
    params = ",".join(f"{name}={value}" for name, value in cut.params.items())
    return f"{site}@{','.join(map(str, cut.positions))}={cut.op}({params})"


def run(
    tiny: TinyModel, cuts: list[PlainCut], capsys: pytest.CaptureFixture[str], versus: int | None
) -> dict[str, Any]:
    """Run the command line and return its answer."""
    arguments = ["run", "--model", str(tiny.folder), "--prompt", tiny.prompt, "--device", "cpu", "--pair", "2|5"]
    for cut in cuts:
        arguments += ["--cut", notation(cut)]
    if versus is not None:
        piece = tiny.tokenizer.convert_ids_to_tokens(versus)
        arguments += ["--versus", piece if "##" in piece else tiny.tokenizer.convert_tokens_to_string([piece])]
    arguments += ["--top", "5"]
    assert main(arguments) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def compare(side: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Compare one side of an answer with the plain computation."""
    assert side["log_prob"] == pytest.approx(wanted["log_prob"], abs=CLOSE)
    assert side["log_prob_by_layer"] == pytest.approx(wanted["log_prob_by_layer"], abs=CLOSE)
    assert side["cosine"]["2|5"] == pytest.approx(wanted["cosine"], abs=CLOSE)
    assert side["entropy"] == pytest.approx(wanted["entropy"], abs=CLOSE)
    assert [entry["id"] for entry in side["top"]] == wanted["top"]
    assert side["rank"] == wanted["rank"]
    assert side["logit_difference"] == pytest.approx(wanted["logit_difference"], abs=CLOSE)


def positions(tiny: TinyModel, ids: list[int]) -> tuple[list[int], int]:
    """Return where to cut and where the answer is read."""
    mask = tiny.tokenizer.mask_token_id
    read = ids.index(mask) if mask in ids else len(ids) - 1
    return [2, 4], read


@pytest.mark.parametrize(("point", "operation", "params"), CASES)
def test_that_every_operation_at_every_hook_point_equals_plain_hooks(
    tiny_language_model: TinyModel,
    point: str,
    operation: str,
    params: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny = tiny_language_model
    ids = tiny.tokenizer(tiny.prompt).input_ids
    where, read = positions(tiny, ids)
    cut = PlainCut(
        point,
        1 if HOOK_POINTS[point].per_layer else None,
        3 if HOOK_POINTS[point].per_head else None,
        where,
        operation,
        params,
    )
    clean = expected(tiny.model, ids, [], read, 0, (2, 5), ids[3])
    target = clean["top"][0]
    clean = expected(tiny.model, ids, [], read, target, (2, 5), ids[3])
    operated = expected(tiny.model, ids, [cut], read, target, (2, 5), ids[3])
    answer = run(tiny, [cut], capsys, ids[3])
    assert [token["id"] for token in answer["tokens"]] == ids
    assert (answer["target"]["id"], answer["versus"]["id"]) == (target, ids[3])
    compare(answer["clean"], clean)
    compare(answer["operated"], operated)
    p, q = clean["log_probs"], operated["log_probs"]
    assert answer["effect"]["kl"] == pytest.approx((p.exp() * (p - q)).sum().item(), abs=CLOSE)
    assert answer["effect"]["log_prob"] == pytest.approx(operated["log_prob"] - clean["log_prob"], abs=CLOSE)
    assert answer["effect"]["changed"] is (params != {"k": 1.0})


def test_that_stacked_incisions_equal_plain_hooks_in_model_order(
    tiny_language_model: TinyModel, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = tiny_language_model
    ids = tiny.tokenizer(tiny.prompt).input_ids
    _, read = positions(tiny, ids)
    cuts = [
        PlainCut("resid_post", 2, None, [1, 3], "scale", {"k": 0.7}),
        PlainCut("z", 0, 1, [3], "silence"),
        PlainCut("block", 2, None, [3], "scale", {"k": 2.0}),
        PlainCut("embed", None, None, [4], "noise", {"sigma": 1.0, "seed": 5}),
        PlainCut("attn_out", 1, None, [3, 5], "noise", {"sigma": 0.3, "seed": 6}),
        PlainCut("z", 0, 1, [3], "noise", {"sigma": 1.0, "seed": 7}),
        PlainCut("mlp_out", 0, None, [2], "silence"),
    ]
    target = expected(tiny.model, ids, [], read, 0, (2, 5), ids[3])["top"][0]
    answer = run(tiny, cuts, capsys, ids[3])
    assert answer["target"]["id"] == target
    compare(answer["operated"], expected(tiny.model, ids, cuts, read, target, (2, 5), ids[3]))


def test_that_an_encoder_without_a_head_gives_similarities_and_no_predictions(
    tiny_bert_encoder: TinyModel, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.fixtures.plain_hooks import residuals

    tiny = tiny_bert_encoder
    ids = tiny.tokenizer(tiny.prompt).input_ids
    cut = PlainCut("z", 1, 2, [2], "silence")
    answer = run(tiny, [cut], capsys, None)
    stream = residuals(tiny.model, ids, [cut])
    assert answer["operated"]["cosine"]["2|5"] == pytest.approx(
        [float((layer[2] @ layer[5]) / layer[2].norm() / layer[5].norm()) for layer in stream], abs=CLOSE
    )
    assert answer["operated"]["log_prob"] is None
    assert answer["operated"]["log_prob_by_layer"] is None
    assert answer["operated"]["top"] == []
    assert answer["effect"] == {"log_prob": None, "logit_difference": None, "kl": None, "changed": True}


def test_that_the_settings_cover_every_registered_operation() -> None:
    assert set(SETTINGS) == set(OPERATIONS.keys())
