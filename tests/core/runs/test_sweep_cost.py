"""What a sweep is said to take is what it takes, on a clock that only the layers of the model move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from core.cancel import CancelToken
from core.runs.cell_answers import Wanted
from core.runs.compile import NOTHING
from core.runs.request import ResolvedIncision
from core.runs.sweep import sweep
from core.runs.sweep_cost import batches_of, estimated_seconds
from core.runs.tape import Again, record
from core.sites.site import Site
from tests.core.runs.engine_runs import pair_of
from tests.fixtures.tiny_family import TinyOf

if TYPE_CHECKING:
    from torch import Tensor


PER_CALL = 1.0


class Clock:
    """Seconds that pass while a layer is run: for the call, and for every row."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, per_row: float) -> None:
        self.now = 0.0
        layer = Again.layer

        def slowly(again: Again, number: int, hidden: Tensor, rows: tuple[int, ...], *more: Any, **how: Any) -> Tensor:
            self.now += PER_CALL + per_row * len(hidden) * len(rows)
            return layer(again, number, hidden, rows, *more, **how)

        monkeypatch.setattr(Again, "layer", slowly)

    def __call__(self) -> float:
        """Return what time it is."""
        return self.now


@pytest.mark.parametrize("per_row", [0.01, 1.0], ids=["small-model", "large-model"])
@pytest.mark.parametrize("point", ["z", "mlp_out", "resid_post"])
@pytest.mark.parametrize("family", ["gpt2", "bert", "gptj", "bloom"])
def test_that_a_sweep_takes_about_as_long_as_it_is_said_to(
    family: str, point: str, per_row: float, tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_of(tiny_of, family, "")
    loaded, tape = pair.loaded, record(pair.loaded, pair.ids, CancelToken())
    heads = range(loaded.info.n_heads) if point == "z" else (None,)
    sites = [Site(point, layer, head) for layer in range(loaded.info.n_layers) for head in heads]
    cells = [ResolvedIncision(0, site, (token,), "silence", ()) for site in sites for token in range(len(pair.ids))]
    clock = Clock(monkeypatch, per_row)
    batches = batches_of(loaded, tape, cells, range(len(cells)))
    told = estimated_seconds(loaded, tape, batches, clock=clock)
    started, wanted = clock(), Wanted(len(pair.ids) - 1, 5, None, ())
    for batch in batches:
        chosen = [cells[number] for number in batch.cells]
        assert list(sweep(loaded, tape, chosen, [NOTHING] * len(chosen), wanted, CancelToken()))
    assert 0.5 < told / (clock() - started) < 2.0


def test_that_a_moment_in_which_the_processor_was_busy_does_not_count(
    tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    loaded, tape = pair.loaded, record(pair.loaded, pair.ids, CancelToken())
    cells = [ResolvedIncision(0, Site("z", layer, 0), (2,), "silence", ()) for layer in range(loaded.info.n_layers)]
    batches = batches_of(loaded, tape, cells, range(len(cells)))
    monkeypatch.setattr(f"{__name__}.PER_CALL", 1e-3)
    clock = Clock(monkeypatch, per_row=1e-6)
    undisturbed = estimated_seconds(loaded, tape, batches, clock=clock)
    for moment in range(12):
        readings = iter(range(1000))

        def disturbed(moment: int = moment, readings: Iterator[int] = readings) -> float:
            read = clock()
            clock.now += 0.01 * (next(readings) == moment)
            return read

        assert estimated_seconds(loaded, tape, batches, clock=disturbed) == pytest.approx(undisturbed, rel=1e-6)
