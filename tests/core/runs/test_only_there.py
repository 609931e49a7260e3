"""Only the chosen site and tokens change, no-ops are found out, and what cannot reach the output is told apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.cancel import CancelToken
from core.interventions.ops import OPERATIONS
from core.runs.batch import one
from core.runs.capture import capture
from core.runs.compile import NOTHING, Compiled
from core.runs.measure import depths
from core.runs.tape import record
from core.runs.trace import Trace, unembed
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from torch import Tensor

    from tests.fixtures.tiny_family import TinyOf

AT = (2, 4)
each = pytest.mark.parametrize(("family", "variant"), every_variant())


def offered(pair: Pair) -> list[str]:
    """Return the hook points of a model."""
    return [point for point in HOOK_POINTS if pair.loaded.info.why_not(point) is None]


def one_of(pair: Pair, point: str) -> Site:
    """Return one head or neuron at a hook point, or all there is."""
    kind, layer = HOOK_POINTS[point], pair.layer(point)
    head = pair.loaded.info.heads_at(kind.heads) - 1 if kind.heads else None
    return Site(point, layer, head, 5 if kind.per_neuron else None)


def chosen_columns(pair: Pair, site: Site, x: Tensor) -> Tensor:
    """Return which columns of an activation of all heads [token, width] are the site's."""
    width = x.shape[-1]
    mine = torch.zeros(width, dtype=torch.bool)
    if site.neuron is not None:
        mine[site.neuron] = True
    elif site.head is not None:
        share = width // pair.loaded.info.heads_at(site.point.heads)
        mine[site.head * share : (site.head + 1) * share] = True
    else:
        mine[:] = True
    return mine


@each
def test_that_nothing_but_the_chosen_site_changes_where_it_is(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    wrong = []
    for point in offered(pair):
        if point == "logits":
            continue
        site = one_of(pair, point)
        whole = Site(point, site.layer)
        compiled = Compiled(pair.loaded, [cut(site, AT, "scale", {"k": -2.0})], [NOTHING], one(pair.ids))
        before, after = (
            capture(pair.loaded, [pair.ids], (whole,), CancelToken(), hooks)[whole][0]
            for hooks in (None, compiled.hooks)
        )
        moved = before != after
        there = torch.zeros_like(moved)
        there[list(AT)] = chosen_columns(pair, site, before)
        # Zeros times anything stay what they are.
        if (moved & ~there).any() or not torch.equal(moved & there, there & (before != 0)):
            wrong.append(str(site))
        value = -2.0 * before[there]
        if not torch.allclose(after[there], value, atol=1e-4, rtol=1e-5):
            wrong.append(f"value at {site}")
    assert wrong == []


@each
def test_that_queries_keys_and_values_do_what_they_are_for(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    info, everywhere = pair.loaded.info, tuple(range(len(pair.ids)))
    for point in {"q", "k", "v"} & set(offered(pair)):
        site = one_of(pair, point)
        z = Site("z", site.layer)
        n_mine = info.n_heads // info.heads_at(site.point.heads)
        at = everywhere if point == "v" else AT
        hooks = Compiled(pair.loaded, [cut(site, at, "silence")], [NOTHING], one(pair.ids)).hooks
        before, after = (capture(pair.loaded, [pair.ids], (z,), CancelToken(), each)[z][0] for each in (None, hooks))
        shape = (len(pair.ids), info.n_heads, -1)
        moved = ((after - before).abs() > 1e-6).view(shape).any(dim=-1)
        # The last heads are those of the last key and value; a query asks at its own token alone.
        assert not moved[:, :-n_mine].any(), point
        rows = {row for row in everywhere if moved[row].any()}
        assert rows == set(AT) if point == "q" else rows - set(AT), point
        gone = after.view(shape)[:, -n_mine:] == 0
        assert gone.all() if point == "v" else not gone.all(), point


@each
def test_that_nothing_changes_before_the_site_or_at_tokens_out_of_reach(
    family: str, variant: str, tiny_of: TinyOf
) -> None:
    pair = pair_of(tiny_of, family, variant)
    clean = pair.run(pair.request()).residuals
    is_causal = pair.loaded.info.objective == "causal"
    # Experts multiply the tokens that come to them together, and round them together.
    same = partial(torch.allclose, atol=1e-5) if pair.plain.paths.mlp_pre == "" else torch.equal
    for point in offered(pair):
        site = one_of(pair, point)
        ran = pair.run(pair.request(cut(site, AT, "scale", {"k": -2.0}))).residuals
        depth = len(clean) if point == "logits" else 0 if site.layer is None else site.layer + (point != "resid_pre")
        assert torch.equal(ran[:depth], clean[:depth]), point
        if is_causal:
            assert same(ran[:, : AT[0]], clean[:, : AT[0]]), point
        if depth < len(clean) and point not in ("k", "v"):  # these are read by other tokens in their own layer
            others = [place for place in range(len(pair.ids)) if place not in AT]
            assert same(ran[depth, others], clean[depth, others]), point
            if point != "mlp_post":  # of some families half the neurons are 0
                assert not torch.equal(ran[depth], clean[depth]), point


def no_ops(pair: Pair, point: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return operations that leave an activation as it is: by their parameters, or by what they put in."""
    found: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        (operation.key, dict(operation.identity), {})
        for operation in OPERATIONS
        if operation.identity is not None and point in operation.points
    ]
    found.append(("patch", {}, {"sources": AT}))
    if point == "pattern" and pair.loaded.info.objective == "causal":
        found.append(("knockout", {"keys": "5"}, {"keys": (5,)}))  # tokens that come later are not seen anyway
    return found


@each
def test_that_a_cut_that_changes_nothing_is_found_out(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    clean = pair.run(pair.request()).residuals
    tried = set()
    for point in offered(pair):
        for number, (operation, params, entries) in enumerate(no_ops(pair, point)):
            site = one_of(pair, point) if number % 2 else Site(point, pair.layer(point))
            ran = pair.run(pair.request(cut(site, AT, operation, params, **entries), donor=pair.ids))
            told = (ran.result.unchanged, ran.result.effect.changed, ran.result.effect.output_changed)
            assert told == ((0,), False, False), f"{site} {operation}"
            assert torch.equal(ran.residuals, clean), f"{site} {operation}"
            tried.add(operation)
    assert tried >= {"scale", "noise", "matched_noise", "patch"}


@each
def test_that_scores_of_a_token_that_sees_itself_alone_change_nothing(
    family: str, variant: str, tiny_of: TinyOf
) -> None:
    pair = pair_of(tiny_of, family, variant)
    has_sinks = family == "gpt_oss"  # a token that sees itself alone still chooses between itself and nothing
    if pair.loaded.info.objective != "causal" or pair.loaded.info.why_not("attn_scores") or has_sinks:
        return
    ran = pair.run(pair.request(cut(Site("attn_scores", 1), (0,), "scale", {"k": -2.0})))
    assert ran.result.unchanged == ()
    assert not ran.result.effect.changed
    assert torch.equal(ran.residuals, pair.run(pair.request()).residuals)


@each
def test_that_a_cut_that_cannot_reach_the_answer_changes_no_output(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    last = pair.loaded.info.n_layers - 1
    elsewhere = (2,) if pair.read != 2 else (3,)
    for point in ("resid_post", "mlp_out", "attn_out", "z", "block"):
        site = Site(point, last, 0 if point == "z" else None)
        effect = pair.run(pair.request(cut(site, elsewhere, "silence"))).result.effect
        assert effect.changed, point
        # Without a language-model head the last hidden states are the answer.
        assert effect.output_changed is (pair.read is None), point
        if pair.read is not None:
            effect = pair.run(pair.request(cut(site, (pair.read,), "silence"))).result.effect
            assert effect.changed and effect.output_changed, point
            assert effect.kl is not None and effect.kl > 0.0
    before = (len(pair.ids) if pair.read is None else pair.read) - 1
    effect = pair.run(pair.request(cut(Site("embed"), (before,), "silence"))).result.effect
    assert effect.changed and effect.output_changed


@each
def test_that_logits_elsewhere_are_not_the_answer(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    if pair.read is None:
        return
    effect = pair.run(pair.request(cut(Site("logits"), (2,), "silence"))).result.effect
    assert effect.changed and not effect.output_changed
    assert pair.run(pair.request(cut(Site("logits"), (pair.read,), "shuffle", {"seed": 1}))).result.effect.changed


def test_that_an_answer_that_no_incision_changed_is_the_one_that_follows_from_the_residual(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    residuals = record(pair.loaded, pair.ids, CancelToken()).residuals
    # Made along with those at other tokens it can be rounded in another way.
    rounded = unembed(pair.loaded, residuals[-1]) + 1e-6
    edited = torch.arange(len(pair.ids)) == 2
    for position, expected in ((2, rounded[2]), (5, unembed(pair.loaded, residuals[:, 5])[-1])):
        found = depths(pair.loaded, Trace(residuals, (), rounded, edited), position)
        assert found is not None
        assert torch.equal(found.logits[-1], expected)
