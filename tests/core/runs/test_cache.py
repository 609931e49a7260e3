"""What is kept of a model goes with it, and nothing else does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from core.runs.cache import RunCache
from core.sites.site import Site

SITE = Site("resid_post", 0)


def request(model: str, *ids: int) -> Any:
    return SimpleNamespace(model=model, ids=ids)


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
