"""Layers that are recorded for a CUDA device: the same bits, sooner, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import torch

from core.cancel import CancelToken
from core.runs import replays
from core.runs.compile import NOTHING
from core.runs.replays import MOST_ROWS, Replays, replays_of
from core.runs.request import ResolvedIncision
from core.runs.restart import restart
from core.runs.tape import Tape, record
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, pair_of
from tests.fixtures.skips import NO_CUDA

if TYPE_CHECKING:
    from torch import Tensor

    from core.runs.replays import Run
    from tests.fixtures.tiny_family import TinyOf

FAMILIES = ("gpt2", "llama", "mistral", "gpt_neox", "bloom")
NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_CUDA)


class Recorder:
    """Records as a graph does: what was read when it was recorded is read again where it was, inputs are copied in."""

    def __init__(self, *, off: float = 0.0, fails: bool = False) -> None:
        self.off = off
        self.fails = fails
        self.recorded = 0
        self.replayed = 0

    def __call__(self, run: Run, hidden: Tensor) -> Run:
        """Return the run with a place for its input."""
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing")
        self.recorded += 1
        given = hidden.clone()

        def again(x: Tensor) -> Tensor:
            self.replayed += 1
            given.copy_(x)
            return run(given) + self.off

        return again


@pytest.fixture(autouse=True)
def _always_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    took = iter(range(10**6, 0, -1))
    monkeypatch.setattr(replays, "_seconds", lambda run, hidden: -next(took))


def dose(size: float, position: int = 3, head: int = 0) -> ResolvedIncision:
    """Return a scaled head."""
    return ResolvedIncision(0, Site("z", 0, head), (position,), "scale", (("k", size),))


def residuals_of(pair: Pair, tape: Tape, cut: ResolvedIncision) -> Tensor:
    """Return the residuals of a restarted run."""
    return restart(pair.loaded, tape, (cut,), [NOTHING], CancelToken()).residuals


@pytest.mark.parametrize("family", FAMILIES)
def test_that_runs_with_recorded_layers_keep_every_bit(family: str, tiny_of: TinyOf) -> None:
    pair, recorder = pair_of(tiny_of, family, ""), Recorder()
    tape, plain = (record(pair.loaded, pair.ids, CancelToken()) for _ in range(2))
    tape.replays = Replays(recorder)
    for cut in (dose(0.5), dose(0.25), dose(0.0), dose(2.0, head=1), dose(0.5, 5), dose(0.25, 5), dose(0.5, 3)):
        assert torch.equal(residuals_of(pair, tape, cut), residuals_of(pair, plain, cut))
    assert tape.replays.given_up == ""
    assert recorder.replayed > recorder.recorded > 0


def test_that_a_layer_is_recorded_when_it_is_asked_for_again_and_let_go_with_its_rows() -> None:
    recorder = Recorder()
    seen = Replays(recorder)

    def asked(layer: int, rows: tuple[int, ...], scenarios: int = 1) -> tuple[int, int]:
        made = seen.run(layer, rows, lambda x: 2 * x, torch.ones(scenarios, len(rows), 4))
        assert (made == 2).all()
        return recorder.recorded, recorder.replayed

    assert asked(0, (3, 4)) == (0, 0)
    assert asked(1, (3, 4)) == (0, 0)
    assert asked(0, (3, 4)) == (1, 1)  # compared once
    assert asked(0, (3, 4)) == (1, 2)
    assert asked(1, (3, 4)) == (2, 3)
    assert asked(0, (4,)) == (2, 3)
    assert asked(0, (3, 4)) == (2, 3)
    assert asked(0, (3, 4), scenarios=2) == (2, 3)


def test_that_what_was_handed_out_is_not_written_over_by_the_next_replay() -> None:
    seen = Replays(Recorder())
    made = [seen.run(0, (1,), lambda x: x + 1, torch.full((1, 1, 4), float(k))) for k in range(5)]
    assert [float(each[0, 0, 0]) for each in made] == [1, 2, 3, 4, 5]


def test_that_many_rows_are_run_as_usual() -> None:
    recorder = Recorder()
    seen, rows = Replays(recorder), tuple(range(MOST_ROWS // 2 + 1))
    for _ in range(4):
        seen.run(0, rows, lambda x: x, torch.ones(2, len(rows), 4))
    assert recorder.recorded == 0


@pytest.mark.parametrize(
    ("recorder", "why"),
    [
        (Recorder(off=1e-7), "A recorded layer does not give the same bits."),
        (Recorder(fails=True), "operation not permitted when stream is capturing"),
    ],
)
def test_that_what_cannot_be_recorded_or_is_another_is_run_as_usual_from_then_on(
    recorder: Recorder, why: str, tiny_of: TinyOf
) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    tape, plain = (record(pair.loaded, pair.ids, CancelToken()) for _ in range(2))
    tape.replays = Replays(recorder)
    for size in (0.5, 0.25, 0.0, 2.0):
        assert torch.equal(residuals_of(pair, tape, dose(size)), residuals_of(pair, plain, dose(size)))
    assert tape.replays.given_up == why
    assert recorder.replayed <= 1


def test_that_what_is_no_sooner_is_run_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "_seconds", lambda run, hidden: 1.0)
    recorder = Recorder()
    seen = Replays(recorder)
    for _ in range(5):
        seen.run(0, (1,), lambda x: x, torch.ones(1, 1, 4))
    assert seen.given_up == "A recorded layer takes as long as one that is not."
    assert (recorder.recorded, recorder.replayed) == (1, 1)


def test_that_an_operated_layer_is_never_recorded(tiny_of: TinyOf) -> None:
    pair, recorder = pair_of(tiny_of, "gpt2", ""), Recorder()
    tape = record(pair.loaded, pair.ids, CancelToken())
    tape.replays, layers = Replays(recorder), []
    usual: Callable[..., Tensor] = Replays.run

    def watched(self: Replays, layer: int, *more: object) -> Tensor:
        layers.append(layer)
        return usual(self, layer, *more)

    cut = ResolvedIncision(0, Site("v", 1, 0), (3,), "silence", ())
    with patch.object(Replays, "run", watched):
        for _ in range(3):
            residuals_of(pair, tape, cut)
    # The clean rows of the operated layer are run once, as they are; operated ones never this way.
    assert layers.count(1) == 1


def test_that_the_processor_records_nothing(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    assert replays_of(pair.loaded) is None
    assert record(pair.loaded, pair.ids, CancelToken()).replays is None


@NEEDS_CUDA
def test_that_a_graph_of_the_device_gives_the_same_bits() -> None:
    layer, seen = torch.nn.Linear(64, 64, device="cuda"), Replays()
    with torch.inference_mode():
        for _ in range(6):
            x = torch.randn(1, 5, 64, device="cuda")
            assert torch.equal(seen.run(0, (1, 2, 3, 4, 5), layer, x), layer(x))
    assert not seen.given_up or "as long" in seen.given_up
