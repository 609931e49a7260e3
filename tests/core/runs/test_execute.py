"""Executing: caching, cancelling, and leaving the model as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError
from core.hooks.attach import Hook, attached, count_hooks
from core.models.tokenizing import tokenize
from core.readings.values import Pair
from core.runs.cache import RunCache
from core.runs.events import Event, Finished
from core.runs.execute import execute
from core.runs.request import ResolvedIncision, RunRequest
from core.runs.tape import Tape, record
from core.runs.trace import Trace, trace
from core.sites.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.runs.result import RunResult
    from tests.fixtures.tiny_models import TinyModel

    Opened = Callable[[TinyModel], LoadedModel]

SILENCE = ResolvedIncision(0, Site("z", 1, 2), (2,), "silence", ())
NOISE = ResolvedIncision(1, Site("mlp_out", 0), (1, 3), "noise", (("seed", 4), ("sigma", 1.0), ("std", "layer")))


def request_for(loaded: LoadedModel, tiny: TinyModel, *plan: ResolvedIncision) -> RunRequest:
    ids = tokenize(loaded, tiny.prompt).ids
    return RunRequest(model=loaded.identity, ids=ids, plan=plan, read_position=len(ids) - 1, pairs=(Pair("a|b", 1, 2),))


def run(loaded: LoadedModel, tiny: TinyModel, request: RunRequest, cache: RunCache) -> tuple[RunResult, list[Event]]:
    events = list(execute(loaded, request, tokenize(loaded, tiny.prompt), cache, CancelToken()))
    last = events[-1]
    assert isinstance(last, Finished)
    return last.result, events


def test_that_the_empty_plan_changes_nothing_to_the_bit(tiny_language_model: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_language_model)
    result, _ = run(loaded, tiny_language_model, request_for(loaded, tiny_language_model), RunCache())
    assert not result.effect.changed
    assert result.effect.kl == 0.0
    assert result.effect.log_prob == 0.0
    assert np.array_equal(result.clean.curves["cosine"].values, result.operated.curves["cosine"].values)


def test_that_noise_is_the_same_to_the_bit_for_the_same_seed(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    request = request_for(loaded, tiny_gpt2, NOISE)
    first, _ = run(loaded, tiny_gpt2, request, RunCache())
    second, _ = run(loaded, tiny_gpt2, request, RunCache())
    other = replace(request, plan=(replace(NOISE, params=(("seed", 5), ("sigma", 1.0), ("std", "layer"))),))
    third, _ = run(loaded, tiny_gpt2, other, RunCache())
    assert np.array_equal(first.operated.curves["log_prob"].values, second.operated.curves["log_prob"].values)
    assert not np.array_equal(first.operated.curves["log_prob"].values, third.operated.curves["log_prob"].values)


def test_that_the_clean_run_is_done_once_for_many_plans(
    tiny_gpt2: TinyModel, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = opened(tiny_gpt2)
    prompts: list[object] = []

    def counted(loaded: LoadedModel, ids: tuple[int, ...], cancel: CancelToken) -> Tape:
        prompts.append(ids)
        return record(loaded, ids, cancel)

    monkeypatch.setattr("core.runs.tape.record", counted)
    cache = RunCache()
    first, _ = run(loaded, tiny_gpt2, request_for(loaded, tiny_gpt2, SILENCE), cache)
    second, _ = run(loaded, tiny_gpt2, request_for(loaded, tiny_gpt2, NOISE), cache)
    assert len(prompts) == 1
    assert not first.reuse.clean
    assert second.reuse.clean


def test_that_an_equal_request_costs_no_forward_pass(
    tiny_gpt2: TinyModel, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, cache = opened(tiny_gpt2), RunCache()
    request = request_for(loaded, tiny_gpt2, SILENCE)
    first, _ = run(loaded, tiny_gpt2, request, cache)
    monkeypatch.setattr("core.runs.execute.descend", None)
    again, events = run(loaded, tiny_gpt2, request, cache)
    assert len(events) == 1
    assert again.operated is first.operated
    assert again.reuse.result and not first.reuse.result


def test_that_a_run_can_be_cancelled_inside_its_forward_pass(tiny_llama: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_llama)
    cancel = CancelToken()
    reached: list[int] = []

    def stop(x: Tensor) -> None:
        reached.append(1)
        cancel.cancel()

    before = count_hooks(loaded.network)
    watching = [Hook(loaded.blocks[1], "input", stop), Hook(loaded.blocks[2], "output", lambda x: reached.append(2))]
    with attached(watching), pytest.raises(Cancelled):
        trace(loaded, tokenize(loaded, tiny_llama.prompt).ids, (), cancel)
    assert reached == [1]
    assert count_hooks(loaded.network) == before


def test_that_no_hook_and_no_gradient_is_left_behind(tiny_model: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_model)
    before = count_hooks(loaded.network)
    found = trace(loaded, tokenize(loaded, tiny_model.prompt).ids, (SILENCE,), CancelToken())
    assert not found.residuals.requires_grad
    assert count_hooks(loaded.network) == before


def test_that_hooks_come_off_after_an_error(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    before = count_hooks(loaded.network)
    with pytest.raises(IndexError):
        trace(loaded, [0, 1, 10**6], (), CancelToken())
    assert count_hooks(loaded.network) == before


def test_that_an_incision_that_changes_nothing_is_named(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    idle = ResolvedIncision(7, Site("attn_out", 1), (0,), "scale", (("k", 1.0),))
    result, _ = run(loaded, tiny_gpt2, request_for(loaded, tiny_gpt2, SILENCE, idle), RunCache())
    assert result.unchanged == (7,)
    assert result.effect.changed


@pytest.mark.parametrize("site", [Site("z", 1, 2), Site("mlp_out", 1), Site("resid_post", 1), Site("block", 1)])
def test_that_only_the_chosen_layer_and_tokens_change_before_the_next_block(
    tiny_model: TinyModel, opened: Opened, site: Site
) -> None:
    loaded = opened(tiny_model)
    ids = tokenize(loaded, tiny_model.prompt).ids
    clean = trace(loaded, ids, (), CancelToken()).residuals
    cut = trace(loaded, ids, (ResolvedIncision(0, site, (3,), "silence", ()),), CancelToken()).residuals
    assert (cut[:2] == clean[:2]).all()
    differing = (cut[2] != clean[2]).any(dim=-1).nonzero().flatten().tolist()
    assert differing == [3]


def test_that_the_cache_lets_the_oldest_results_go() -> None:
    from tests.fixtures.made_results import result as made

    cache = RunCache(results=2)
    results = [made() for _ in range(3)]
    requests = [replace(each.request, top_k=number + 1) for number, each in enumerate(results)]
    for request, each in zip(requests, results, strict=True):
        cache.keep_result(replace(each, request=request))
    assert cache.result(requests[0]) is None
    assert cache.result(requests[2]) is not None


def test_that_a_run_that_overflows_says_so_and_lists_nothing(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    blown = ResolvedIncision(0, Site("resid_post", 0), (1, 2), "scale", (("k", 1e39),))
    result, _ = run(loaded, tiny_gpt2, request_for(loaded, tiny_gpt2, blown), RunCache())
    assert not result.finite
    assert result.operated.top == result.operated.listed == ()
    assert result.operated.numbers["rank"] is None
    assert np.isnan(result.operated.curves["cosine"].values[0, 2:]).all()
    assert np.isfinite(result.clean.curves["cosine"].values).all()
    assert len(result.clean.top) == 10


@pytest.mark.parametrize("words", ["DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."])
def test_that_a_run_without_memory_says_so_and_keeps_nothing(
    tiny_gpt2: TinyModel, opened: Opened, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    loaded, cache = opened(tiny_gpt2), RunCache()
    request = request_for(loaded, tiny_gpt2, SILENCE)
    run(loaded, tiny_gpt2, request.clean(), cache)

    def full(*_: object) -> Trace:
        raise RuntimeError(words)

    monkeypatch.setattr("core.runs.execute.descend", full)
    with pytest.raises(SurgeryError, match="There is no memory left on cpu"):
        run(loaded, tiny_gpt2, request, cache)
    assert cache.clean_tape(loaded.identity, request.ids) is None


def test_that_another_error_of_a_run_is_not_taken_for_a_lack_of_memory(
    tiny_gpt2: TinyModel, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Trace:
        raise RuntimeError("something else")

    loaded = opened(tiny_gpt2)
    monkeypatch.setattr("core.runs.execute.taped", broken)
    with pytest.raises(RuntimeError, match="something else"):
        run(loaded, tiny_gpt2, request_for(loaded, tiny_gpt2), RunCache())
