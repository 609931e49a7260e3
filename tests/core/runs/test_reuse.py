"""What a run tells of what it did not compute again is what it did not compute."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.cancel import CancelToken
from core.interventions.plan import sorted_params
from core.runs.cache import RunCache
from core.runs.events import Finished
from core.runs.execute import execute
from core.runs.request import ResolvedIncision, RunRequest
from core.runs.result import Reuse
from core.runs.tape import Again
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, pair_of
from tests.fixtures.tiny_family import TinyOf

if TYPE_CHECKING:
    from torch import Tensor


Called = list[tuple[int, tuple[int, ...]]]
Operation = tuple[str, dict[str, Any]]
SCALE: Operation = ("scale", {"k": 0.5})


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    """Note every layer that is run on its own, and with which tokens."""
    noted: Called = []
    layer = Again.layer

    def noting(self: Again, number: int, hidden: Tensor, rows: tuple[int, ...], *more: Any, **how: Any) -> Tensor:
        noted.append((number, rows))
        return layer(self, number, hidden, rows, *more, **how)

    monkeypatch.setattr(Again, "layer", noting)
    return noted


def reuse(pair: Pair, cache: RunCache, *plan: ResolvedIncision) -> Reuse:
    request = RunRequest(model=pair.loaded.identity, ids=pair.ids, plan=plan, donor=pair.ids)
    *_, last = execute(pair.loaded, request, pair.tokens, cache, CancelToken())
    assert isinstance(last, Finished)
    return last.result.reuse


def cut(pair: Pair, layer: int, token: int, operation: Operation = SCALE) -> ResolvedIncision:
    name, params = operation
    return ResolvedIncision(0, Site("mlp_out", layer), (token,), name, sorted_params(params), sources=(token,))


@pytest.mark.parametrize(
    ("family", "first_token", "why"),
    [
        ("gpt2", 3, ""),
        ("llama", 3, ""),
        ("bert", 0, "bidirectional"),
        ("albert", 0, "bidirectional"),
        ("gptj", 0, "rows"),
    ],
)
def test_that_layers_and_tokens_that_are_told_to_be_kept_are_not_computed(
    family: str, first_token: int, why: str, tiny_of: TinyOf, called: Called
) -> None:
    pair, cache = pair_of(tiny_of, family, ""), RunCache()
    assert reuse(pair, cache) == Reuse(first_layer=3, clean=False, why=why)  # type: ignore[arg-type]
    called.clear()
    told = reuse(pair, cache, cut(pair, 1, 3))
    assert told == Reuse(first_layer=1, first_token=first_token, why=why, clean=True)  # type: ignore[arg-type]
    assert {number for number, _ in called} == {1, 2}
    assert min(row for _, rows in called for row in rows) == first_token
    called.clear()
    assert reuse(pair, cache, cut(pair, 1, 3)) == replace(told, result=True)
    assert called == []


def test_that_all_tokens_are_run_where_an_operation_looks_at_them_or_takes_from_another_run(tiny_of: TinyOf) -> None:
    pair, cache = pair_of(tiny_of, "gpt2", ""), RunCache()
    noise = ("matched_noise", {"seed": 0, "sigma": 1.0, "std": "layer"})
    assert reuse(pair, cache, cut(pair, 1, 3, noise)).why == "whole"
    patch = reuse(pair, cache, cut(pair, 2, 3, ("patch", {})))
    assert (patch.first_layer, patch.first_token, patch.why) == (2, 0, "donor")
