"""After a run, a cancelled one or a broken one the model is as it was, in every family; the same twice is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.cancel import CancelToken
from core.errors import Cancelled
from core.hooks.attach import Hook, attached, count_hooks
from core.hooks.attention import TAP
from core.runs.batch import one
from core.runs.cache import RunCache
from core.runs.execute import execute
from core.runs.trace import trace
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, in_order, pair_of
from tests.fixtures.tiny_families import every_variant

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.request import ResolvedIncision
    from tests.fixtures.tiny_family import TinyOf

each = pytest.mark.parametrize(("family", "variant"), every_variant())


def everywhere(pair: Pair, position: int) -> tuple[ResolvedIncision, ...]:
    """Return a plan with an incision at every hook point."""
    points = [point for point in HOOK_POINTS if pair.loaded.info.why_not(point) is None]
    sites = [Site(point, 1 if HOOK_POINTS[point].per_layer else None) for point in points]
    return in_order(*(cut(site, (position,), "scale", {"k": 1.25}) for site in sites))


def state(loaded: LoadedModel) -> dict[str, Any]:
    """Return what a run must leave alone."""
    modules = list(loaded.network.modules())
    configs = {id(c): c for module in modules if (c := getattr(module, "config", None)) is not None}
    return {
        "hooks": count_hooks(loaded.network),
        "attention": [config._attn_implementation for config in configs.values()],
        "taps": [name for name, module in loaded.network.named_modules() if hasattr(module, TAP)],
        "weights": {name: value.double().sum().item() for name, value in loaded.network.state_dict().items()},
        "gradients": [name for name, value in loaded.network.named_parameters() if value.grad is not None],
        "training": [name for name, module in loaded.network.named_modules() if module.training],
    }


@each
def test_that_a_run_leaves_the_model_as_it_was(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    before = state(pair.loaded)
    assert before["taps"] == before["training"] == before["gradients"] == []
    with torch.enable_grad():
        found = trace(pair.loaded, pair.ids, everywhere(pair, 3), CancelToken())
        assert torch.is_grad_enabled()
    assert not found.residuals.requires_grad and found.residuals.grad_fn is None
    assert found.logits is None or not found.logits.requires_grad
    assert state(pair.loaded) == before


@each
def test_that_the_same_twice_is_the_same_to_the_bit(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    noise = cut(Site("embed"), (1, 3), "noise", {"sigma": 1.0, "seed": 4, "std": "layer"})
    plan = in_order(*everywhere(pair, 2), noise)
    found = []
    for _ in range(2):
        events = list(execute(pair.loaded, pair.request(*plan), pair.tokens, RunCache(), CancelToken()))
        found.append(events[-1].result)  # type: ignore[union-attr]
    first, second = found
    assert first.operated.numbers == second.operated.numbers
    assert first.effect == second.effect
    assert first.operated.top == second.operated.top
    for key, curves in first.operated.curves.items():
        assert (curves.values == second.operated.curves[key].values).all()


@each
def test_that_a_cancelled_run_leaves_the_model_as_it_was(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    before, cancel, reached = state(pair.loaded), CancelToken(), []

    def stop(x: torch.Tensor) -> None:
        reached.append(1)
        cancel.cancel()

    with attached([Hook(pair.loaded.blocks[0], "output", stop)]), pytest.raises(Cancelled):
        trace(pair.loaded, pair.ids, everywhere(pair, 3), cancel)
    assert reached == [1]
    assert state(pair.loaded) == before


@each
def test_that_a_run_that_breaks_leaves_the_model_as_it_was(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    before = state(pair.loaded)
    for incision in everywhere(pair, len(pair.ids)):
        with pytest.raises(IndexError):
            trace(pair.loaded, pair.ids, (incision,), CancelToken())
        assert state(pair.loaded)["attention"] == before["attention"]
    assert state(pair.loaded) == before
    assert trace(pair.loaded, one(pair.ids).rows[0], (), CancelToken()).unchanged == ()
