"""A restarted run equals a whole one, in every family and at every hook point."""

from __future__ import annotations

import pytest
import torch

from core.cancel import CancelToken
from core.hooks.attach import count_hooks
from core.runs.compile import NOTHING
from core.runs.restart import restart
from core.runs.tape import record
from core.runs.trace import trace
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, in_order, pair_of
from tests.fixtures.tiny_families import every_variant
from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-5
POINTS = list(HOOK_POINTS)
each = pytest.mark.parametrize(("family", "variant"), every_variant())


def sites(pair: Pair) -> list[Site]:
    """Return a site for every hook point that a model offers."""
    reachable = [point for point in POINTS if pair.loaded.info.why_not(point) is None]
    return [Site(point, pair.layer(point), 0 if HOOK_POINTS[point].per_head else None) for point in reachable]


@each
def test_that_a_restarted_run_equals_a_whole_one(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    tape = record(pair.loaded, pair.ids, CancelToken())
    later = cut(Site("mlp_out", pair.loaded.info.n_layers - 1), (4,), "scale", {"k": 2.0})
    for site in sites(pair):
        plan = in_order(cut(site, (2, 4), "scale", {"k": 0.5}), later)
        whole = trace(pair.loaded, pair.ids, plan, CancelToken())
        # Twice: the second time what the first one left behind is used.
        for _ in range(2):
            found = restart(pair.loaded, tape, plan, [NOTHING] * 2, CancelToken())
            scale = whole.residuals.abs().max().clamp(min=1.0)
            assert (found.residuals - whole.residuals).abs().max() < CLOSE * scale, site
            assert found.unchanged == whole.unchanged, site
            assert (found.logits is None) == (whole.logits is None), site
            if found.logits is not None and whole.logits is not None:
                assert torch.allclose(found.logits, whole.logits, atol=CLOSE), site
    assert count_hooks(pair.loaded.network) == 0
    assert [name for name, module in pair.loaded.network.named_modules() if "forward" in module.__dict__] == []


@each
def test_that_what_is_not_changed_keeps_its_bits(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    tape = record(pair.loaded, pair.ids, CancelToken())
    info = pair.loaded.info
    plan = in_order(cut(Site("resid_post", 0), (3,), "scale", {"k": 1.0}), cut(Site("z", 1), (4,), "scale", {"k": 1.0}))
    found = restart(pair.loaded, tape, plan, [NOTHING] * 2, CancelToken())
    assert found.unchanged == (0, 1)
    assert torch.equal(found.residuals, tape.residuals)
    last = in_order(cut(Site("z", info.n_layers - 1), (3,), "scale", {"k": 0.0}))
    moved = restart(pair.loaded, tape, last, [NOTHING], CancelToken()).residuals != tape.residuals
    assert moved[-1, 3].any()
    moved[-1, 3] = False
    assert not moved.any()


def test_that_clean_rows_are_kept_for_the_last_token_that_was_operated_on(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    tape = record(pair.loaded, pair.ids, CancelToken())
    assert tape.by_rows
    before = tape.nbytes
    sizes = []
    for position in (1, 1, 4):
        plan = in_order(cut(Site("z", 0), (position,), "scale", {"k": 0.5}))
        restart(pair.loaded, tape, plan, [NOTHING], CancelToken())
        sizes.append(tape.nbytes - before)
    assert sizes[0] == sizes[1] > sizes[2] > 0
