"""On a device of its own a run waits for it once it is over, and makes nothing on the processor on its way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from core.cancel import CancelToken
from core.hooks import attention
from core.interventions.operation import Activation, Operation
from core.interventions.ops import OPERATIONS
from core.models.info import ModelInfo
from core.readings.values import Pair as Words
from core.runs import cell_answers
from core.runs import sweep as engine
from core.runs.batch_sizes import BatchSizes
from core.runs.cache import RunCache
from core.runs.cell_answers import Part
from core.runs.compile import NOTHING, Change
from core.runs.execute import execute
from core.runs.request import RunRequest
from core.runs.restart import restart
from core.runs.sweep import Tick, sweep
from core.runs.tape import record
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.core.runs.pretended_device import Crossings, moved, moved_tape
from tests.core.runs.test_sweep_engine import cells_of, swept, wanted_of
from tests.fixtures.tiny_families import every_variant
from tests.fixtures.tiny_family import TinyOf


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_a_sweep_waits_for_the_device_once_a_wave(
    family: str, variant: str, tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_of(tiny_of, family, variant)
    tape = record(pair.loaded, pair.ids, CancelToken())
    monkeypatch.setattr(Change, "left_as_it_was", False)  # is asked for where cells run one by one
    fetches: list[int] = []

    def fetched(*found: torch.Tensor) -> list[torch.Tensor]:
        assert {each.device.type for each in found} == {"meta"}
        fetches.append(len(found))
        return [torch.from_numpy(np.zeros(each.shape)) for each in found]

    monkeypatch.setattr(cell_answers, "fetched", fetched)
    cells = [cell for cell in cells_of(pair) if len(cell.positions) == 1]
    with Crossings() as crossings:
        found = list(
            sweep(moved(pair.loaded), moved_tape(tape), cells, [NOTHING] * len(cells), wanted_of(pair), CancelToken())
        )
    parts = [each for each in found if isinstance(each, Part)]
    assert len(fetches) == len(parts)
    assert sum(len(part.cells) for part in parts) == len(cells)
    assert all(part.cosine.shape == (len(part.cells), 2, pair.loaded.info.n_layers + 1) for part in parts)
    assert crossings.mixed == Counter()
    assert crossings.made == Counter()
    # Which rows are computed is sent once, and not in every layer.
    assert all(where.startswith("readings/fetch.py") for where in crossings.sent)
    assert crossings.sent.total() <= 3 * len(parts)


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_one_click_does_not_wait_for_the_device_on_its_way_down(
    family: str, variant: str, tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_of(tiny_of, family, variant)
    tape = moved_tape(record(pair.loaded, pair.ids, CancelToken()))
    asked: list[bool] = []

    def left_as_it_was(change: Change) -> bool:
        asked.append(change.moved is not None)
        return False

    monkeypatch.setattr(Change, "left_as_it_was", property(left_as_it_was))
    loaded = moved(pair.loaded)
    for point in ("resid_pre", "mlp_out"):  # that starts with all rows of its layer, and with one
        asked.clear()
        with Crossings() as crossings:
            found = restart(loaded, tape, (cut(Site(point, 0), (3,), "silence"),), [NOTHING], CancelToken())
        assert found.residuals.device.type == "meta"
        assert asked == [True]  # when all layers have been run
        assert crossings.mixed == Counter() and crossings.made == Counter()
        assert crossings.sent.total() <= 3


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.key)
def test_that_an_operation_leaves_the_activation_on_its_device(operation: Operation) -> None:
    x = torch.empty(2, 3, 8, device="meta", dtype=torch.bfloat16)
    # Noise is drawn on the processor, to be the same on every device; so is what it is drawn from.
    whole = torch.randn(1, 5, 8) if operation.key == "matched_noise" else x.new_empty(2, 5, 8)
    known = Activation(
        layer_std=1.0,
        token_std=(1.0, 2.0, 3.0),
        whole=whole,
        positions=(1, 3, 4),
        keys=(0, 2),
        donor=x.new_empty(3, 8),
        references=(x.new_empty(3, 8), x.new_empty(3, 8)),
        direction=torch.randn(8),
    )
    usual = {parameter.name: parameter.default for parameter in operation.parameters}
    choices = [(each.name, value) for each in operation.parameters for value in each.choices]
    for params in (usual, *({**usual, name: value} for name, value in choices)):
        with Crossings() as crossings:
            out = operation.apply(x, params, known)
        assert (out.device.type, out.dtype, out.shape) == ("meta", torch.bfloat16, x.shape), params
        assert crossings.mixed == Counter(), params


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
def test_that_attention_is_fused_wherever_no_pattern_is_changed(
    family: str, tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_of(tiny_of, family, "")
    tape, info = record(pair.loaded, pair.ids, CancelToken()), pair.loaded.info
    called: Counter[str] = Counter()

    def count(name: str, function: Any) -> Any:
        def counted(*args: Any, **options: Any) -> Any:
            called[name] += 1
            return function(*args, **options)

        return counted

    fused = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", count("fused", fused))
    monkeypatch.setattr(attention, "attention_scores", count("written out", attention.attention_scores))
    for point, written_out in (("z", 0), ("q", 0), ("mlp_out", 0), ("pattern", 1)):
        called.clear()
        cell = cut(Site(point, 0, 1 if point in ("z", "q", "pattern") else None), (3,), "scale", {"k": 0.3})
        list(sweep(pair.loaded, tape, [cell], [NOTHING], wanted_of(pair), CancelToken()))
        # Every layer, and the cell's own once more, for the clean run and for what it changes.
        assert called["fused"] == info.n_layers + 1, point
        assert called["written out"] == written_out, point


def test_that_the_watch_notices_what_it_is_there_for(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    there = moved_tape(record(pair.loaded, pair.ids, CancelToken()))
    with pytest.raises(NotImplementedError):
        there.residuals.cpu()
    with pytest.raises(RuntimeError, match="meta"):
        bool((there.residuals == 0).all())
    with Crossings() as crossings:
        there.index((1, 2))
        there.index((1, 2))
    assert crossings.sent.total() == 1


class Memory:
    """Runs out whenever more cells than it has room for go through a layer together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.tried: list[int] = []
        layer = engine._Sweep._one_layer

        def one_layer(
            sweeping: Any, again: Any, number: int, parts: list[torch.Tensor], *rest: Any
        ) -> list[torch.Tensor]:
            self.tried.append(sum(map(len, parts)))
            if self.tried[-1] > room:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return layer(sweeping, again, number, parts, *rest)

        monkeypatch.setattr(engine._Sweep, "_one_layer", one_layer)


def by_cell(pair: Pair) -> dict[int, tuple[float | None, np.ndarray]]:
    """Return what a sweep of a tiny model answers."""
    return swept(pair, record(pair.loaded, pair.ids, CancelToken()), cells_of(pair))


def test_that_a_sweep_whose_memory_runs_out_goes_on_with_half(tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(tiny_of, "llama", "")
    usual = by_cell(pair)
    memory = Memory(monkeypatch, 5)
    found = by_cell(pair)
    assert max(memory.tried) > 5
    assert memory.tried[-1] <= 5
    assert found.keys() == usual.keys()
    for number, (log_prob, cosine) in usual.items():
        assert found[number][0] == pytest.approx(log_prob, abs=1e-5)
        assert np.abs(found[number][1] - cosine).max() < 1e-5


def test_that_the_work_still_ends_at_all_of_it(tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(tiny_of, "llama", "")
    tape, cells = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair)
    Memory(monkeypatch, 5)
    found = list(sweep(pair.loaded, tape, cells, [NOTHING] * len(cells), wanted_of(pair), CancelToken()))
    assert [each.work for each in found if isinstance(each, Tick)][-1] == pytest.approx(1.0)


def test_that_a_single_cell_without_memory_and_other_failures_are_told(
    tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pair_of(tiny_of, "llama", "")
    with monkeypatch.context() as patch:
        Memory(patch, 1)
        with pytest.raises(torch.OutOfMemoryError):
            by_cell(pair)

    def broken(*_: Any) -> torch.Tensor:
        raise RuntimeError("broken")

    monkeypatch.setattr(engine._Sweep, "_one_layer", broken)
    with pytest.raises(RuntimeError, match="broken"):
        by_cell(pair)


def test_that_the_sizes_of_a_sweep_follow_the_memory(tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(tiny_of, "llama", "")
    usual, asked = by_cell(pair), []

    def sizes(info: ModelInfo, n_tokens: int, n_rows: int) -> BatchSizes:
        asked.append((info.device, n_tokens))
        return BatchSizes(product=2, answers=3, wave=4)

    monkeypatch.setattr(engine, "batch_sizes", sizes)
    tape, cells = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair)
    found = list(sweep(pair.loaded, tape, cells, [NOTHING] * len(cells), wanted_of(pair), CancelToken()))
    parts = [each for each in found if isinstance(each, Part)]
    assert max(len(part.cells) for part in parts) == 4
    assert set(asked) == {("cpu", len(pair.ids))}
    for part in parts:
        for place, number in enumerate(part.cells):
            assert np.abs(part.cosine[place] - usual[number][1]).max() < 1e-5


class Looks(TorchDispatchMode):
    """Counts how often a number is looked at, for which a device would have to be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        aten = torch.ops.aten
        self.count += operation in (aten._local_scalar_dense.default, aten.equal.default, aten.is_nonzero.default)
        return operation(*args, **(kwargs or {}))


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
@pytest.mark.parametrize(
    ("operation", "params"), [("silence", {}), ("noise", {"sigma": 1.0, "seed": 0, "std": "token"})]
)
def test_that_a_run_looks_no_more_often_the_more_layers_it_runs(
    family: str, operation: str, params: dict[str, Any], tiny_of: TinyOf
) -> None:
    pair, words = pair_of(tiny_of, family, ""), (Words("a", 1, 4), Words("b", 3, 4))
    counts = []
    for layer in (0, 0, pair.loaded.info.n_layers - 1):
        plan = (cut(Site("resid_post", layer), (3,), operation, params),)
        request = RunRequest(model=pair.loaded.identity, ids=pair.ids, plan=plan, read_position=None, pairs=words)
        with Looks() as looks:
            list(execute(pair.loaded, request, pair.tokens, RunCache(results=0), CancelToken()))
        counts.append(looks.count)
    assert counts[1] == counts[2] <= 5
