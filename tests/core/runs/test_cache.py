"""What is kept of a model goes with it, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from core.models.progress import in_words
from core.runs.cache import MOST_RESULTS, TAPE_BYTES, RunCache
from core.runs.events import RunsKept
from core.sites.site import Site

SITE = Site("resid_post", 0)


@dataclass(frozen=True)
class Request:
    """Stands in for a request."""

    model: str
    ids: tuple[int, ...]


def request(model: str, *ids: int) -> Any:
    return Request(model, ids)


def test_that_only_the_model_that_is_let_go_is_forgotten() -> None:
    cache = RunCache()
    for model in "ab":
        tape: Any = SimpleNamespace(ids=(1,), nbytes=8)
        cache.keep_clean_tape(model, tape)
        cache.keep_captured(model, [(1,)], SITE, [torch.zeros(2)])
    cache.forget("a")
    assert cache.clean_tape("a", (1,)) is None
    assert cache.captured("a", [(1,)], SITE) is None
    assert cache.clean_tape("b", (1,)) is not None
    assert cache.captured("b", [(1,)], SITE) is not None


def test_that_what_is_kept_is_counted_and_never_more_than_may_be() -> None:
    cache = RunCache(tape_bytes=20, results=2)
    for token in range(5):
        tape: Any = SimpleNamespace(ids=(token,), nbytes=8)
        cache.keep_clean_tape("a", tape)
        cache.keep_captured("a", [(token,)], SITE, [torch.zeros(3)])
        cache.keep_result(SimpleNamespace(request=request("a", token)))  # type: ignore[arg-type]
    assert cache.kept() == RunsKept(clean_bytes=16, activation_bytes=12, budget_bytes=20, results=2, most_results=2)
    cache.clear()
    assert cache.kept() == RunsKept(clean_bytes=0, activation_bytes=0, budget_bytes=20, results=0, most_results=2)


def test_that_the_readme_states_how_much_is_kept() -> None:
    text = " ".join((Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8").split())
    assert f"clean runs are kept with their queries, keys and values, up to {in_words(TAPE_BYTES)}" in text
    assert f"the last {MOST_RESULTS} results" in text
