"""Requests to the engine, and the hidden states behind what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from zlib import crc32

from core.cancel import CancelToken
from core.interventions.plan import sorted_params
from core.models.tokenizing import tokenize
from core.runs.cache import RunCache
from core.runs.events import Finished
from core.runs.execute import execute
from core.runs.request import ResolvedIncision, RunRequest
from core.runs.restart import descend
from core.runs.trace import Trace, answer_of
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.fixtures.opened_models import opened
from tests.fixtures.plain_families import paths_of
from tests.fixtures.plain_operations import Situation
from tests.fixtures.plain_runs import PlainModel

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.loaded_model import LoadedModel
    from core.runs.result import RunResult
    from core.text.tokens import Tokens
    from tests.fixtures.tiny_family import TinyOf
    from tests.fixtures.tiny_models import TinyModel

OTHER_TEXTS = (
    "Once upon a time there was a little girl who loved to bake bread",
    "The cat sat",
    "Paris is the capital of France; Rome is the capital of Italy.",
)


@dataclass(frozen=True)
class Ran:
    """What the engine answered, and the operated forward pass behind it, or several."""

    result: RunResult
    traces: tuple[Trace, ...]
    loaded: LoadedModel

    @property
    def residuals(self) -> Tensor:
        """[n_layers + 1, token, d_model]."""
        return self.traces[-1].residuals

    @property
    def logits(self) -> Tensor:
        """[token, vocab]."""
        last = self.traces[-1]
        return answer_of(self.loaded, last.residuals[-1]) if last.logits is None else last.logits


@dataclass(frozen=True)
class Pair:
    """One tiny model, as the application opens it and as a notebook would run it."""

    name: str
    loaded: LoadedModel
    plain: PlainModel
    tokens: Tokens
    others: tuple[tuple[int, ...], ...]
    cache: RunCache
    made: dict[RunRequest, Ran]

    @property
    def ids(self) -> tuple[int, ...]:
        """The prompt's tokens."""
        return tuple(self.tokens.ids)

    @property
    def read(self) -> int | None:
        """Where predictions are read."""
        if not self.loaded.info.has_head:
            return None
        mask = self.loaded.tokenizer.mask_token_id
        return self.ids.index(mask) if mask in self.ids else len(self.ids) - 1

    def situation(self, positions: tuple[int, ...], **others: Any) -> Situation:
        """Return what the plain operations draw on."""
        return Situation(self.plain, self.ids, positions, **others)

    def layer(self, point: str) -> int | None:
        """Return a layer for a hook point, another one for each model and point."""
        if not HOOK_POINTS[point].per_layer:
            return None
        return crc32(f"{self.name}{point}".encode()) % self.loaded.info.n_layers

    def request(self, *plan: ResolvedIncision, **entries: Any) -> RunRequest:
        """Return a request for the prompt."""
        return RunRequest(model=self.loaded.identity, ids=self.ids, plan=plan, read_position=self.read, **entries)

    def run(self, request: RunRequest, donor: LoadedModel | None = None) -> Ran:
        """Run a request on the engine, once."""
        if request in self.made:
            return self.made[request]
        traces: list[Trace] = []

        def kept(*args: Any, **options: Any) -> Iterator[Trace]:
            for found in descend(*args, **options):
                yield found
            traces.append(found)

        with patch("core.runs.execute.descend", kept):
            last = list(execute(self.loaded, request, self.tokens, self.cache, CancelToken(), donor))[-1]
        assert isinstance(last, Finished)
        if not traces:  # the empty plan, on a prompt whose clean run is at hand
            tape = self.cache.clean_tape(self.loaded.identity, request.ids)
            traces = [] if tape is None else [tape.trace]
        self.made[request] = Ran(last.result, tuple(traces), self.loaded)
        return self.made[request]


@cache
def _pair(tiny: TinyModel, family: str, variant: str) -> Pair:
    loaded = opened(tiny)
    others = tuple(tuple(tokenize(loaded, text).ids) for text in OTHER_TEXTS)
    plain = PlainModel(tiny.model, paths_of(family, variant))
    return Pair(f"{family} {variant}", loaded, plain, tokenize(loaded, tiny.prompt), others, RunCache(), {})


def pair_of(tiny_of: TinyOf, family: str, variant: str) -> Pair:
    """Return a variant's tiny model in both forms, made once a session."""
    return _pair(tiny_of(family, variant), family, variant)


def cut(
    site: Site, positions: tuple[int, ...], operation: str, params: dict[str, Any] | None = None, **entries: Any
) -> ResolvedIncision:
    """Return an incision whose tokens are known."""
    return ResolvedIncision(0, site, positions, operation, sorted_params(params or {}), **entries)


def in_order(*plan: ResolvedIncision) -> tuple[ResolvedIncision, ...]:
    """Return a plan whose incisions know their places."""
    return tuple(replace(each, index=number) for number, each in enumerate(plan))
