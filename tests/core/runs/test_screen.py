"""The screen's estimates against small steps of exact runs, in every family."""

from __future__ import annotations

import gc
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from core.cancel import CancelToken
from core.errors import Cancelled
from core.hooks.attach import count_hooks
from core.hooks.attention import TAP
from core.interventions.ops import OPERATIONS
from core.readings.values import Pair as TokenPair
from core.runs.batch import one
from core.runs.cache import RunCache
from core.runs.cell_answers import Wanted
from core.runs.compile import NOTHING, Change
from core.runs.places import hooks_at
from core.runs.screen import Screened, rank_correlation, screen
from core.runs.supplies import Supplies
from core.runs.trace import answer_of, forward, trace
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.core.runs.test_every_operation import sites_at
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from core.interventions.operation import Activation
    from core.runs.request import ResolvedIncision
    from tests.fixtures.tiny_family import TinyOf

STEP = 2e-2
RELATIVE = 1e-2
# What rounding in float32 makes of a slope.
ROUNDING = 1e-4
VISIBLE = 5 * ROUNDING
# These have kinks, or choose among experts: a step, in float64, must be too small to cross a border. Not smaller,
# where a family rounds some of its parts to float32 all the same.
KINKED = {"opt": 5e-4, "t5": 1.5e-3, "olmo": 4e-3, "mixtral": 4e-3, "qwen2_moe": 4e-3, "gpt_oss": 4e-3}
TARGET, VERSUS = 5, 11


def sharp(pair: Pair) -> Pair:
    """Return the same in float64."""
    network = deepcopy(pair.loaded.network).double()
    network.set_experts_implementation("eager")  # the usual one knows no float64
    return replace(pair, loaded=replace(pair.loaded, network=network))


def wanted_of(pair: Pair) -> Wanted:
    """Return all readouts."""
    predicts = pair.loaded.head is not None
    ends = (TokenPair("near", 2, len(pair.ids) - 1), TokenPair("far", 1, len(pair.ids) - 2))
    return Wanted(pair.read, TARGET if predicts else None, VERSUS if predicts else None, ends)


def scaled(pair: Pair, sites: list[Site], k: float) -> list[ResolvedIncision]:
    """Return cells that scale by k, at two tokens; predictions are read at the latter."""
    last = len(pair.ids) - 1 if pair.read is None else pair.read
    return [cut(site, tuple(sorted({1, last})), "scale", {"k": k}) for site in sites]


def estimates(pair: Pair, cells: list[ResolvedIncision]) -> NDArray[np.float64]:
    """Return the screen's estimates [cell, readout]."""
    return side_by_side(screen(pair.loaded, pair.ids, cells, [NOTHING] * len(cells), wanted_of(pair), CancelToken()))


def side_by_side(found: Screened) -> NDArray[np.float64]:
    """Return estimates [cell, readout]."""
    columns = [each[:, None] for each in (found.log_prob, found.logit_difference) if each is not None]
    return np.concatenate([*columns, found.cosine], axis=1)


def exact(pair: Pair, cell: ResolvedIncision) -> NDArray[np.float64]:
    """Return the readouts [readout] of a run."""
    wanted = wanted_of(pair)
    last = trace(pair.loaded, pair.ids, (cell,), CancelToken()).residuals[-1]
    numbers: list[float] = []
    if wanted.target is not None and wanted.versus is not None:
        with torch.inference_mode():
            logits = answer_of(pair.loaded, last[wanted.read_position]).double()
        numbers.append(float(logits.log_softmax(dim=-1)[wanted.target]))
        numbers.append(float(logits[wanted.target] - logits[wanted.versus]))
    for ends in wanted.pairs:
        a, b = last[ends.a].double(), last[ends.b].double()
        numbers.append(float(a @ b / (a.norm() * b.norm())))
    return np.array(numbers)


def slope(of: Callable[..., NDArray[np.float64]], step: float) -> NDArray[np.float64]:
    """Return the derivative at 1, from five points (Abramowitz and Stegun 1964, table 25.2)."""
    return (8 * (of(1 + step) - of(1 - step)) - (of(1 + 2 * step) - of(1 - 2 * step))) / (12 * step)


def reached(pair: Pair) -> list[Site]:
    """Return sites at every hook point but the logits, in every layer."""
    info = pair.loaded.info
    points = [point for point in HOOK_POINTS if point != "logits" and info.why_not(point) is None]
    sites = [site for point in points for site in sites_at(pair, point)]
    # Behind the last layer a norm undoes what scales the residual.
    return [replace(site, layer=0) if site.hook_point == "resid_post" else site for site in sites]


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_a_small_step_changes_what_the_screen_estimates(tiny_of: TinyOf, family: str, variant: str) -> None:
    pair = pair_of(tiny_of, family, variant)
    pair, step = (sharp(pair), KINKED[family]) if family in KINKED else (pair, STEP)
    sites = reached(pair)
    slopes = [slope(lambda k, site=site: exact(pair, scaled(pair, [site], k)[0]), step) for site in sites]
    # After plain runs: what those leave in a model's own caches must not be in the way of gradients.
    estimated = slope(lambda k: estimates(pair, scaled(pair, sites, k)), step)
    unseen = {site.hook_point for site in sites}
    for site, found, wanted in zip(sites, estimated, slopes, strict=True):
        assert (np.abs(found - wanted) <= RELATIVE * np.abs(wanted) + ROUNDING).all(), (str(site), found, wanted)
        if (np.abs(wanted) > VISIBLE).any():
            unseen.discard(site.hook_point)
    assert not unseen


@pytest.mark.parametrize(
    ("point", "operation"),
    [
        (point, operation)
        for point in ("resid_pre", "v", "z", "pattern", "mlp_post", "block")
        for operation in ("silence", "mean", "patch", "noise")
        if point in OPERATIONS[operation].points
    ],
)
def test_that_an_estimate_is_the_gradient_times_what_the_operation_changes(
    tiny_of: TinyOf, point: str, operation: str
) -> None:
    pair = pair_of(tiny_of, "llama", "usual")
    last = len(pair.ids) - 1
    params = OPERATIONS[operation].checked({})
    cells = [cut(site, (2, last), operation, params, sources=(2, last)) for site in sites_at(pair, point)]
    request = pair.request(*cells, donor=(pair.others[0] * 3)[: last + 1])
    clean = trace(pair.loaded, pair.ids, (), CancelToken())
    supplies = Supplies(pair.loaded, request, clean, RunCache(), CancelToken(), None).gathered()
    estimated = screen(pair.loaded, pair.ids, cells, supplies, wanted_of(pair), CancelToken()).log_prob
    assert estimated is not None
    for cell, known, found in zip(cells, supplies, estimated, strict=True):
        wanted = slope(partly(pair, cell, known), STEP)
        assert abs(found - wanted) <= RELATIVE * abs(wanted) + ROUNDING
        assert abs(wanted) > ROUNDING


def partly(pair: Pair, cell: ResolvedIncision, known: Activation) -> Callable[[float], NDArray[np.float64]]:
    """Return what gives the target's log-prob where a share of a change, less 1, is made."""
    change = Change(pair.loaded, cell, known, one(pair.ids))

    def run(share: float) -> NDArray[np.float64]:
        hooks = hooks_at(
            pair.loaded, cell.site.hook_point, cell.site.layer, 1, lambda x: x + (share - 1) * (change(x) - x)
        )
        last = forward(pair.loaded, one(pair.ids), hooks, CancelToken())[-1, 0, pair.read]
        with torch.inference_mode():
            return np.array(float(answer_of(pair.loaded, last).double().log_softmax(dim=-1)[TARGET]))

    return run


@pytest.mark.parametrize("point", ["q", "k"])
@pytest.mark.parametrize("family", ["gpt2", "llama", "bert", "qwen3"])
def test_that_going_through_the_softmax_is_closer_where_attention_is_saturated(
    tiny_of: TinyOf, family: str, point: str
) -> None:
    pair = saturated(pair_of(tiny_of, family, "usual"))
    layer = pair.loaded.info.n_layers - 1
    at = (pair.read or 0,) if point == "q" else tuple(range(len(pair.ids) // 2))
    sites = [Site(point, layer, head) for head in range(pair.loaded.info.heads_at(HOOK_POINTS[point].heads))]
    silenced = [cut(site, at, "silence") for site in sites]
    plain = -slope(lambda k: estimates(pair, [cut(site, at, "scale", {"k": k}) for site in sites]), 1e-3)[:, 0]
    ours = estimates(pair, silenced)[:, 0]
    clean = exact(pair, cut(sites[0], at, "scale", {"k": 1.0}))[0]
    effects = np.array([exact(pair, cell)[0] for cell in silenced]) - clean
    assert np.abs(ours - effects).mean() < 0.5 * np.abs(plain - effects).mean()


def saturated(pair: Pair) -> Pair:
    """Return the same with scores so large, in the last layer, that nearly all attention goes to one token."""
    loaded = replace(pair.loaded, network=deepcopy(pair.loaded.network))
    attention: Any = loaded.part(loaded.info.n_layers - 1, loaded.architecture.attention)
    attention.scaling *= 30.0
    return replace(pair, loaded=loaded)


@pytest.mark.parametrize("family", ["gpt2", "bloom", "albert"])
def test_that_nothing_is_left_behind(tiny_of: TinyOf, family: str) -> None:
    pair = pair_of(tiny_of, family, "usual")
    cells = scaled(pair, reached(pair), 0.5)
    estimates(pair, cells)
    hooks, implementation = count_hooks(pair.loaded.network), pair.loaded.network.config._attn_implementation_internal
    before = tensors()
    estimates(pair, cells)
    assert tensors() == before
    assert count_hooks(pair.loaded.network) == hooks
    assert pair.loaded.network.config._attn_implementation_internal == implementation
    assert not any(x.requires_grad or x.grad is not None for x in pair.loaded.network.parameters())
    assert not any(hasattr(module, TAP) for module in pair.loaded.network.modules())
    assert not trace(pair.loaded, pair.ids, (), CancelToken()).residuals.requires_grad


def tensors() -> set[int]:
    """Return the tensors that are alive."""
    gc.collect()
    # Not isinstance: some objects of torch warn when they are asked for their class.
    return {id(each) for each in gc.get_objects() if issubclass(type(each), torch.Tensor)}


class _After(CancelToken):
    """Set when it has been asked so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def check(self) -> None:
        """Count, then stop."""
        self.times -= 1
        if self.times == 0:
            self.cancel()
        super().check()


def test_that_it_stops_when_asked_to_on_the_way_down_and_back(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "usual")
    cells = scaled(pair, [Site("z", layer, 0) for layer in range(pair.loaded.info.n_layers)], 0.5)
    asked = 0
    while True:
        asked += 1
        token = _After(asked)
        try:
            screen(pair.loaded, pair.ids, cells, [NOTHING] * len(cells), wanted_of(pair), token)
        except Cancelled:
            assert count_hooks(pair.loaded.network) == 0
            assert token.cancelled
            continue
        break
    # Before every block, at all of them but the first on the way back, and before each of the cells, one in every layer.
    assert asked == 3 * pair.loaded.info.n_layers


def test_that_readouts_side_by_side_give_what_they_give_alone(tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(tiny_of, "llama", "usual")
    cells = scaled(pair, reached(pair), 0.5)
    together = estimates(pair, cells)
    monkeypatch.setattr("core.runs.gradients.ROWS_AT_ONCE", 1)
    np.testing.assert_allclose(estimates(pair, cells), together, atol=1e-6, rtol=1e-4)


def test_that_what_cannot_be_read_out_is_none(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "usual")
    cells = scaled(pair, [Site("z", 0, 0), Site("z", 1, 1)], 0.0)
    token = CancelToken()
    alone = screen(pair.loaded, pair.ids, cells, [NOTHING] * 2, Wanted(pair.read, TARGET, None, ()), token)
    assert alone.log_prob is not None
    assert alone.log_prob.shape == (2,)
    assert alone.logit_difference is None
    assert alone.cosine.shape == (2, 0)
    nothing = screen(pair.loaded, pair.ids, cells, [NOTHING] * 2, Wanted(None, None, None, ()), token)
    assert (nothing.log_prob, nothing.logit_difference, nothing.cosine.shape) == (None, None, (2, 0))


def test_that_tokens_after_the_one_read_have_no_effect(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "usual")
    cells = [cut(Site(point, 0), (4,), "silence") for point in ("q", "k", "v", "z")]
    found = screen(pair.loaded, pair.ids, cells, [NOTHING] * 4, Wanted(3, TARGET, VERSUS, ()), CancelToken())
    np.testing.assert_array_equal(side_by_side(found), 0.0)


def test_that_ranks_are_correlated() -> None:
    exact_values = np.array([0.1, -3.0, 2.0, 0.5])
    assert rank_correlation(np.exp(exact_values), exact_values) == pytest.approx(1.0)
    assert rank_correlation(-exact_values, exact_values) == pytest.approx(-1.0)
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])) == pytest.approx(0.5)
    assert rank_correlation(np.array([1.0, np.nan, 2.0]), np.array([1.0, 5.0, 4.0])) == pytest.approx(1.0)
    assert rank_correlation(np.zeros(4), exact_values) is None
    assert rank_correlation(np.array([1.0]), np.array([2.0])) is None
