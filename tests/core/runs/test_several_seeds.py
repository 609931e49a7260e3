"""A plan over several seeds is the mean and the band of as many plain runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from core.interventions.ops import OPERATIONS
from core.readings.values import Pair as Tokens
from core.sites.site import Site
from tests.core.runs.engine_runs import cut, in_order, pair_of

if TYPE_CHECKING:
    from core.runs.request import ResolvedIncision
    from tests.fixtures.plain_runs import PlainRun
    from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-4
SEEDS = 6
AT = (2, 4)
STEPS: list[tuple[str, int | None, str, dict[str, Any]]] = [
    ("embed", None, "noise", {"sigma": 0.6, "seed": 2**31 - 2, "std": "layer"}),
    ("mlp_out", 1, "matched_noise", {"sigma": 0.5, "seed": 1, "std": "token"}),
    ("resid_post", 0, "scale", {"k": 0.9}),
    ("resid_post", 1, "resample", {"seed": 7}),
]


def band(values: Any) -> tuple[Any, Any]:
    """Return the 2.5th and the 97.5th percentile along the first axis."""
    low, high = np.percentile(np.asarray(values, dtype=float), [2.5, 97.5], axis=0)
    return low, high


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert", "gemma2", "bloom", "albert", "falcon"])
def test_that_several_seeds_give_the_mean_and_the_band(family: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, "usual")
    references, read = pair.others[::2], pair.read
    assert read is not None
    plan = in_order(*(cut(Site(point, layer), AT, operation, params) for point, layer, operation, params in STEPS))
    runs: list[PlainRun] = []
    for number in range(SEEDS):
        now, cuts = pair.situation(AT, references=references), []
        for point, layer, operation, params in STEPS:
            seeded = {**params, "seed": (params["seed"] + number) % 2**31} if "seed" in params else params
            cuts.append(now.cut(operation, seeded, (point, layer)))
        runs.append(pair.plain.run(pair.ids, cuts))
    request = pair.request(*plan, references=references, repeats=SEEDS, pairs=(Tokens("a|b", 1, 5),))
    ran = pair.run(request)
    for trace, run in zip(ran.traces[-SEEDS:], runs, strict=True):
        torch.testing.assert_close(trace.residuals, run.residuals, atol=CLOSE, rtol=1e-5)
    clean = pair.plain.clean(pair.ids).logits
    assert clean is not None
    before = clean[read].double().log_softmax(-1)
    target = int(before.argmax())
    after = torch.stack([run.logits[read] for run in runs if run.logits is not None]).double().log_softmax(-1)
    result = ran.result
    log_probs = after[:, target].numpy()
    ranks = (after > after[:, target : target + 1]).sum(dim=1).numpy() + 1
    assert result.repeats == SEEDS
    assert result.operated.numbers["log_prob"] == pytest.approx(log_probs.mean(), abs=CLOSE)
    assert result.operated.bands["log_prob"] == pytest.approx(band(log_probs), abs=CLOSE)
    assert result.operated.numbers["rank"] == np.median(ranks)
    assert result.operated.bands["rank"] == pytest.approx(band(ranks))
    entropies = -(after.exp() * after).sum(dim=1).numpy()
    assert result.operated.numbers["entropy"] == pytest.approx(entropies.mean(), abs=CLOSE)
    assert result.effect.kl == pytest.approx(float((before.exp() * (before - after)).sum(dim=1).mean()), abs=CLOSE)
    assert result.effect.log_prob == pytest.approx(log_probs.mean() - float(before[target]), abs=CLOSE)
    probs = after.exp().mean(dim=0)
    assert [each.id for each in result.operated.top] == probs.topk(len(result.operated.top)).indices.tolist()
    assert [each.prob for each in result.operated.top] == pytest.approx(probs.topk(10).values.tolist(), abs=CLOSE)
    cosines = [torch.nn.functional.cosine_similarity(run.residuals[:, 1], run.residuals[:, 5], dim=-1) for run in runs]
    curve = result.operated.curves["cosine"]
    low, high = band([each.numpy() for each in cosines])
    np.testing.assert_allclose(curve.values[0], torch.stack(cosines).mean(dim=0), atol=CLOSE)
    np.testing.assert_allclose(curve.low[0], low, atol=CLOSE)  # type: ignore[index]
    np.testing.assert_allclose(curve.high[0], high, atol=CLOSE)  # type: ignore[index]
    assert not np.allclose(low, high)


def test_that_a_random_direction_is_another_one_for_each_seed(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "usual")

    def along(seed: int) -> tuple[ResolvedIncision, ...]:
        return in_order(
            cut(Site("resid_post", 0), AT, "project_out", {"v": f"random{seed}"}),
            cut(Site("mlp_out", 1), AT, "project_out", {"v": "pca1"}),
        )

    ran = pair.run(pair.request(*along(7), repeats=3))
    alone = [pair.run(pair.request(*along(seed))) for seed in (7, 8, 9)]
    for trace, single in zip(ran.traces[-3:], alone, strict=True):
        torch.testing.assert_close(trace.residuals, single.traces[-1].residuals, atol=0, rtol=0)
    log_probs = [single.result.operated.numbers["log_prob"] or 0.0 for single in alone]
    assert len(set(log_probs)) == 3
    assert ran.result.operated.numbers["log_prob"] == pytest.approx(np.mean(log_probs))


def test_that_only_a_random_direction_has_a_seed_to_count_on() -> None:
    reseeded_by_3 = {"random7": "random10", "random999999999": "random2", "pca1": "pca1", '" he"': '" he"'}
    project_out = OPERATIONS["project_out"]
    assert {v: project_out.reseeded({"v": v}, 3)["v"] for v in reseeded_by_3} == reseeded_by_3
    assert [project_out.is_random({"v": v}) for v in reseeded_by_3] == [True, True, False, False]
