"""Prompts of different length in one batch give the numbers that each gives alone, in every family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.cancel import CancelToken
from core.runs.batch import Batch, Side
from core.runs.trace import trace_batch
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, in_order, pair_of
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from core.runs.request import ResolvedIncision
    from tests.fixtures.plain_runs import PlainCut
    from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-4
AT = (1, 2)
STEPS: list[tuple[str, int | None, int | None, str, dict[str, Any]]] = [
    ("embed", None, None, "shuffle", {"seed": 3}),
    ("q", 0, 1, "scale", {"k": -1.0}),
    ("k", 0, None, "scale", {"k": 1.5}),
    ("v", 1, 0, "shuffle", {"seed": 2}),
    ("attn_scores", 1, None, "scale", {"k": 0.5}),
    ("pattern", 2, None, "scale", {"k": 0.5}),
    ("pattern", 1, 1, "scale", {"k": 1.5}),
    ("z", 1, 2, "scale", {"k": 2.0}),
    ("resid_mid", 1, None, "scale", {"k": 0.6}),
    ("mlp_pre", 0, None, "scale", {"k": -1.0}),
    ("mlp_post", 2, None, "median", {"over": "scalar"}),
    ("attn_out", 2, None, "mean", {"over": "prompt"}),
    ("block", 1, None, "scale", {"k": 1.4}),
    ("logits", None, None, "scale", {"k": 0.5}),
]


def rows_of(pair: Pair) -> list[tuple[int, ...]]:
    """Return prompts of different length, none the longest by itself at the end."""
    return [pair.ids[:6], pair.ids, pair.others[2], pair.ids[:4]]


def plan_for(pair: Pair) -> tuple[ResolvedIncision, ...]:
    """Return a plan of all hook points that the model offers."""
    offered = [step for step in STEPS if pair.loaded.info.why_not(step[0]) is None]
    return in_order(*(cut(Site(point, layer, head), AT, op, params) for point, layer, head, op, params in offered))


def alone(pair: Pair, ids: tuple[int, ...], plan: tuple[ResolvedIncision, ...]) -> list[PlainCut]:
    """Return the plan with plain hooks, for one of the prompts."""
    now = pair.situation(AT)
    sites = [(each, (each.site.hook_point, each.site.layer), each.site.head) for each in plan]
    assert len(ids) > max(AT) + 1
    return [now.cut(each.operation, dict(each.params), place, head) for each, place, head in sites]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_padding_changes_no_number(family: str, variant: str, side: Side, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    rows, plan = rows_of(pair), plan_for(pair)
    for incisions in ((), plan[::2], plan[1::2]):
        found = trace_batch(pair.loaded, Batch(tuple(rows), side), incisions, CancelToken())
        for ids, trace in zip(rows, found, strict=True):
            wanted = pair.plain.run(ids, alone(pair, ids, incisions))
            torch.testing.assert_close(trace.residuals, wanted.residuals, atol=CLOSE, rtol=1e-5)
            if trace.logits is not None:
                assert wanted.logits is not None
                torch.testing.assert_close(trace.logits, wanted.logits, atol=CLOSE, rtol=1e-5)
            assert trace.unchanged == ()
            assert not trace.residuals.requires_grad
        assert (found[0].logits is not None) == any(step.site.hook_point == "logits" for step in incisions)


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_prompts_of_one_length_do_not_touch_each_other(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    rows, plan = [ids[:5] for ids in (pair.ids, pair.others[0], pair.others[2])], plan_for(pair)[1::2]
    for ids, trace in zip(rows, trace_batch(pair.loaded, Batch(tuple(rows)), plan, CancelToken()), strict=True):
        wanted = pair.plain.run(ids, alone(pair, ids, plan)).residuals
        torch.testing.assert_close(trace.residuals, wanted, atol=CLOSE, rtol=1e-5)
