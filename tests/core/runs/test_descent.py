"""A run that takes long tells its curves on its way down."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from core.cancel import CancelToken
from core.hooks.attach import count_hooks
from core.models.tokenizing import tokenize
from core.readings.values import Pair
from core.runs.cache import RunCache
from core.runs.compile import NOTHING
from core.runs.descent import BETWEEN_S, SLOW_S
from core.runs.events import Deeper, Event, Finished, Progress
from core.runs.execute import execute
from core.runs.request import ResolvedIncision, RunRequest
from core.runs.restart import descend
from core.runs.tape import Again, record
from core.sites.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.models.loaded_model import LoadedModel
    from tests.fixtures.tiny_models import TinyModel

    Opened = Callable[[TinyModel], LoadedModel]

CUTS = [
    ResolvedIncision(0, Site("resid_pre", 0), (1,), "scale", (("k", 0.5),)),
    ResolvedIncision(0, Site("z", 0, 1), (2,), "silence", ()),
    ResolvedIncision(0, Site("resid_pre", 1), (2,), "scale", (("k", 0.5),)),
    ResolvedIncision(0, Site("mlp_out", 1), (2, 3), "scale", (("k", 3.0),)),
]


def slow(step: float = 1.0) -> Callable[[], float]:
    """Return a clock that goes on by so much each time it is asked."""
    ticks = count()
    return lambda: next(ticks) * step


def events_of(
    loaded: LoadedModel, tiny: TinyModel, clock: Callable[[], float], *plan: ResolvedIncision, repeats: int = 1
) -> list[Event]:
    tokens = tokenize(loaded, tiny.prompt)
    request = RunRequest(
        model=loaded.identity,
        ids=tokens.ids,
        plan=plan,
        read_position=len(tokens.ids) - 1,
        pairs=(Pair("a|b", 1, 2), Pair("b|c", 2, 3)),
        repeats=repeats,
    )
    return list(execute(loaded, request, tokens, RunCache(), CancelToken(), clock=clock))


def told(events: list[Event]) -> list[Deeper]:
    return [event for event in events if isinstance(event, Deeper)]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut.site.hook_point} {cut.site.layer}")
def test_that_curves_are_told_from_the_top_down_and_are_those_of_the_result(
    tiny_language_model: TinyModel, opened: Opened, cut: ResolvedIncision
) -> None:
    loaded = opened(tiny_language_model)
    events = events_of(loaded, tiny_language_model, slow(), cut)
    last, found = events[-1], told(events)
    assert isinstance(last, Finished)
    assert found
    assert events.index(found[0]) > events.index(Progress("Operated run"))
    for lens, whole in last.result.operated.curves.items():
        reached = []
        for each in found:
            assert each.request == last.result.request
            curves = each.curves[lens]
            assert curves.labels == whole.labels
            known = np.isfinite(curves.values)
            assert (known == known[0]).all()
            n_known = int(known[0].sum())
            assert known[0, :n_known].all()
            np.testing.assert_allclose(curves.values[known], whole.values[known], atol=1e-5)
            reached.append(n_known)
        assert reached == sorted(set(reached))
        assert 0 < reached[-1] < whole.values.shape[1]


def test_that_it_is_told_below_the_first_layer_that_changed(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    events = events_of(loaded, tiny_gpt2, slow(), CUTS[1])
    last = events[-1]
    assert isinstance(last, Finished)
    deepest, clean = told(events)[-1].curves["cosine"].values, last.result.clean.curves["cosine"].values
    known = np.isfinite(deepest)
    assert (deepest[known] != clean[known]).any()


def test_that_nothing_is_told_of_a_run_that_is_soon_over(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    assert told(events_of(loaded, tiny_gpt2, lambda: 0.0, *CUTS[:2])) == []


def test_that_it_is_not_told_more_often_than_it_can_be_seen(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    n_words = loaded.info.n_layers - 1
    assert n_words >= 2
    often = told(events_of(loaded, tiny_gpt2, slow(), CUTS[0]))
    # Long under way, but since it was told the first time nearly no time has passed.
    ticks = count()
    seldom = told(events_of(loaded, tiny_gpt2, lambda: SLOW_S * (next(ticks) > 0), CUTS[0]))
    assert BETWEEN_S > 0
    assert (len(often), len(seldom)) == (n_words, 1)


def test_that_a_run_over_several_seeds_tells_no_curve(tiny_gpt2: TinyModel, opened: Opened) -> None:
    loaded = opened(tiny_gpt2)
    noise = ResolvedIncision(0, Site("mlp_out", 0), (1,), "noise", (("seed", 4), ("sigma", 1.0), ("std", "layer")))
    assert told(events_of(loaded, tiny_gpt2, slow(), noise, repeats=2)) == []
    assert told(events_of(loaded, tiny_gpt2, slow(), noise)) != []


def test_that_one_who_listens_no_further_leaves_the_model_as_it_was(tiny_gpt2: TinyModel, opened: Opened) -> None:
    import torch

    loaded = opened(tiny_gpt2)
    tokens = tokenize(loaded, tiny_gpt2.prompt)
    request = RunRequest(model=loaded.identity, ids=tokens.ids, plan=(CUTS[0],), read_position=1)
    going = execute(loaded, request, tokens, RunCache(), CancelToken(), clock=slow())
    assert any(isinstance(event, Deeper) for event in going)
    going.close()  # type: ignore[attr-defined]
    assert count_hooks(loaded.network) == 0
    assert [name for name, module in loaded.network.named_modules() if "forward" in module.__dict__] == []
    assert not torch.is_inference_mode_enabled()


def test_that_the_first_point_takes_one_layer_at_one_token(
    opened: Opened, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = opened(tiny_gpt2)
    tape = record(loaded, tokenize(loaded, tiny_gpt2.prompt).ids, CancelToken())
    rows: list[tuple[int, tuple[int, ...]]] = []
    layer = Again.layer

    def seen(again: Again, number: int, hidden: Any, mine: tuple[int, ...], *more: Any, **how: Any) -> Any:
        rows.append((len(hidden), mine))
        return layer(again, number, hidden, mine, *more, **how)

    monkeypatch.setattr(Again, "layer", seen)
    going = descend(loaded, tape, (CUTS[1],), [NOTHING], CancelToken())
    assert len(next(going).residuals) == 2
    assert rows == [(1, (2,))]
    assert len(list(going)[-1].residuals) == loaded.info.n_layers + 1
    assert count_hooks(loaded.network) == 0
