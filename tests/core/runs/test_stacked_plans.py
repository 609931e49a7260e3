"""Plans of several incisions in every family: coarse and fine ones together, several at one site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, in_order, pair_of
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from core.runs.request import ResolvedIncision
    from tests.fixtures.plain_runs import PlainCut
    from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-4
Step = tuple[str, int | None, int | None, tuple[int, ...], str, dict[str, Any]]
# Hook point, layer, head, positions, operation, parameters. Not in model order, and some share a site.
STEPS: list[Step] = [
    ("logits", None, None, (4, 5), "scale", {"k": 0.8}),
    ("resid_post", 2, None, (1, 3), "scale", {"k": 0.7}),
    ("z", 0, 1, (3,), "silence", {}),
    ("block", 2, None, (3,), "scale", {"k": 2.0}),
    ("embed", None, None, (4,), "noise", {"sigma": 1.0, "seed": 5, "std": "layer"}),
    ("attn_out", 1, None, (3, 5), "noise", {"sigma": 0.3, "seed": 6, "std": "token"}),
    ("z", 0, 1, (2, 3), "noise", {"sigma": 0.5, "seed": 7, "std": "layer"}),
    ("pattern", 1, 0, (4, 5), "scale", {"k": 0.5}),
    ("attn_scores", 1, None, (2, 5), "scale", {"k": -1.0}),
    ("v", 1, 0, (1, 2), "shuffle", {"seed": 2}),
    ("q", 1, None, (3,), "scale", {"k": 1.7}),
    ("resid_mid", 0, None, (2, 3), "mean", {"over": "prompt"}),
    ("resid_pre", 1, None, (3,), "project_out", {"v": "random3"}),
    ("mlp_pre", 0, None, (2, 4), "scale", {"k": 1.5}),
    ("mlp_post", 1, None, (5,), "shuffle", {"seed": 9}),
    ("mlp_out", 0, None, (2,), "skip", {}),
    ("resid_post", 2, None, (3, 4), "project_out", {"v": "random5"}),
]
# The same incision twice, between two that do not commute with it.
AT_ONE_SITE: list[tuple[str, dict[str, Any]]] = [
    ("scale", {"k": 1.5}),
    ("shuffle", {"seed": 1}),
    ("project_out", {"v": "random4"}),
    ("scale", {"k": 1.5}),
    ("shuffle", {"seed": 8}),
]


def both(pair: Pair, steps: list[Step]) -> tuple[tuple[ResolvedIncision, ...], list[PlainCut]]:
    """Return a plan for the engine, and the same with plain hooks, as far as the model has the hook points."""
    offered = [step for step in steps if pair.loaded.info.why_not(step[0]) is None]
    plan = in_order(*(cut(Site(point, layer, head), where, op, p) for point, layer, head, where, op, p in offered))
    cuts = [
        pair.situation(where).cut(operation, params, (point, layer), head)
        for point, layer, head, where, operation, params in offered
    ]
    return plan, cuts


def check(pair: Pair, steps: list[Step]) -> None:
    """Compare a plan with plain hooks."""
    plan, cuts = both(pair, steps)
    ran, wanted = pair.run(pair.request(*plan)), pair.plain.run(pair.ids, cuts)
    torch.testing.assert_close(ran.residuals, wanted.residuals, atol=CLOSE, rtol=1e-5)
    if pair.read is not None:
        assert wanted.logits is not None
        torch.testing.assert_close(ran.logits, wanted.logits, atol=CLOSE, rtol=1e-5)
    assert ran.result.unchanged == ()


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_incisions_of_every_size_are_made_in_model_order(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    check(pair, STEPS)
    plan, _ = both(pair, STEPS)
    turned = pair.run(pair.request(*in_order(*reversed(plan))))
    moved = [each for each in plan if HOOK_POINTS[each.site.hook_point].name not in ("z", "resid_post")]
    assert len(moved) > 4
    # The order of the plan counts at one site only.
    torch.testing.assert_close(
        pair.run(pair.request(*in_order(*moved))).residuals,
        pair.run(pair.request(*in_order(*reversed(moved)))).residuals,
        atol=0.0,
        rtol=0.0,
    )
    assert not torch.equal(turned.residuals, pair.run(pair.request(*plan)).residuals)


@pytest.mark.parametrize("later", ["mlp_pre", "mlp_out", "block", "resid_post"])
@pytest.mark.parametrize("variant", every_variant(), ids=" ".join)
def test_that_what_comes_later_in_a_layer_sees_a_change_in_its_middle(
    variant: tuple[str, str], later: str, tiny_of: TinyOf
) -> None:
    pair = pair_of(tiny_of, *variant)
    if pair.loaded.info.why_not("resid_mid") is not None:
        return
    middle: list[Step] = [
        ("resid_mid", 1, None, (1, 3), "noise", {"sigma": 1.0, "seed": 4, "std": "layer"}),
        ("resid_mid", 1, None, (3,), "shuffle", {"seed": 2}),
        ("resid_mid", 1, None, (3, 5), "scale", {"k": -0.7}),
    ]
    check(pair, [("attn_out", 1, None, (3,), "scale", {"k": 2.0}), *middle])
    check(pair, [(later, 1, None, (1, 3, 4), "scale", {"k": 1.6}), *middle])


@pytest.mark.parametrize("point", HOOK_POINTS)
@pytest.mark.parametrize(
    ("family", "variant"), [("gpt2", "usual"), ("llama", "usual"), ("bert", "usual"), ("bloom", "usual")]
)
def test_that_incisions_at_one_site_are_made_in_plan_order(
    family: str, variant: str, point: str, tiny_of: TinyOf
) -> None:
    pair = pair_of(tiny_of, family, variant)
    if pair.loaded.info.why_not(point) is not None:
        return
    layer = 1 if HOOK_POINTS[point].per_layer else None
    steps: list[Step] = [
        (point, layer, None, (2, 4), operation, params)
        for operation, params in AT_ONE_SITE
        if _makes_sense(operation, point)
    ]
    check(pair, steps)


def _makes_sense(operation: str, point: str) -> bool:
    if operation == "project_out":
        return HOOK_POINTS[point].width == "d_model"
    return operation == "scale" or HOOK_POINTS[point].width != "keys"
