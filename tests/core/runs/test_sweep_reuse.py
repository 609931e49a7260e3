"""What a sweep tells of what it computed is what was computed, counted here by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest

from core.cancel import CancelToken
from core.runs.cache import RunCache
from core.runs.execute import execute
from core.runs.result import SweepReuse
from core.runs.sweep_answer import sweep_answer
from core.runs.sweep_file import save_cells, saved_cells
from core.runs.sweep_request import Axis, SweepRequest
from core.runs.sweep_result import SweepFinished, SweepPart, SweepStarted
from core.runs.sweep_run import execute_sweep
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.sweep_request import Method
    from core.runs.sweep_result import SavedCells, SweepResult
    from tests.fixtures.tiny_family import TinyOf

Params = dict[str, Any]
N_LAYERS, TOKEN = 3, 3


def request_of(
    pair: Pair, operation: str = "silence", params: Params | None = None, method: Method = "exact"
) -> SweepRequest:
    """Return the MLP of every layer at one token."""
    cells = tuple(cut(Site("mlp_out", layer), (TOKEN,), operation, params) for layer in range(N_LAYERS))
    layers = Axis("layer", tuple(range(N_LAYERS)), tuple(map(str, range(N_LAYERS))))
    return SweepRequest(
        model=pair.loaded.identity, ids=pair.ids, cells=cells, axes=(layers,), method=method, read_position=pair.read
    )


def swept(
    pair: Pair,
    request: SweepRequest,
    cache: RunCache,
    earlier: SweepResult | SavedCells | None = None,
    *,
    clicks: bool = False,
) -> SweepResult:
    """Return a sweep's result, while others run parts of the same clean run, where there are clicks."""
    events = []
    for event in execute_sweep(pair.loaded, request, pair.tokens, cache, CancelToken(), earlier=earlier):
        events.append(event)
        if clicks:
            list(execute(pair.loaded, pair.request(request.cells[0]), pair.tokens, RunCache(), CancelToken()))
            list(execute(pair.loaded, pair.request(request.cells[1]), pair.tokens, cache, CancelToken()))
    last = events[-1]
    assert isinstance(last, SweepFinished)
    return last.result


def together(rows: int, own: int) -> int:
    """Return the row-layers of a cell in each of three layers, run as one batch.

    From the first layer on the clean run goes along, then two cells' worth, then three. In its own
    layer each cell is run beside it, again with the clean run, on the rows that it needs there.
    """
    return (1 + 2 + 3) * rows + 3 * 2 * own


@pytest.mark.parametrize(
    ("family", "why"), [("gpt2", ""), ("llama", ""), ("bert", "bidirectional"), ("albert", "bidirectional"), ("gptj", "rows")]
)  # fmt: skip
def test_that_a_sweep_tells_how_much_it_computed_of_full_passes(family: str, why: str, tiny_of: TinyOf) -> None:
    pair, cache = pair_of(tiny_of, family, ""), RunCache()
    every = len(pair.ids)
    found = swept(pair, request_of(pair), cache)
    assert found.reuse == SweepReuse(why=why, in_batches=True, clean=False)  # type: ignore[arg-type]
    assert found.counted == N_LAYERS
    # From the first token that is operated on; in its own layer that token alone, where single rows can be computed.
    rows, own = every if why else every - TOKEN, every if why == "rows" else 1
    assert found.row_layers == together(rows, own)
    assert found.full_row_layers == N_LAYERS * N_LAYERS * every
    again = swept(pair, request_of(pair), cache, clicks=True)
    assert again.reuse == SweepReuse(why=why, in_batches=True, clean=True)  # type: ignore[arg-type]
    assert again.row_layers == found.row_layers


def test_that_a_model_that_takes_no_batches_is_told_to_run_one_by_one(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    with patch.dict(pair.loaded.shortcuts, {len(pair.ids).bit_length(): (False, False)}):
        found = swept(pair, request_of(pair), RunCache())
    assert found.reuse == SweepReuse(why="rows", in_batches=False, clean=False)
    assert found.row_layers == (3 + 2 + 1) * len(pair.ids)


def test_that_an_operation_that_looks_at_all_tokens_is_told(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    every = len(pair.ids)
    found = swept(pair, request_of(pair, "matched_noise", {"seed": 0, "sigma": 1.0, "std": "layer"}), RunCache())
    assert found.reuse is not None
    assert found.reuse.why == "whole"
    assert found.row_layers == together(every, every)


def test_that_what_is_counted_grows_cell_by_cell_and_goes_on_where_it_is_taken_up(
    tiny_of: TinyOf, tmp_path: Path
) -> None:
    pair, kept, cache = pair_of(tiny_of, "gpt2", ""), tmp_path / "kept", RunCache()
    request, rows = request_of(pair), len(pair.ids) - TOKEN
    one_by_one = patch.multiple("core.runs.sweep_cost", FEWEST_CELLS=1, PARTS=1)
    with one_by_one, patch("core.runs.batch_sizes.ROWS_AT_ONCE", 1):
        part = None
        for event in execute_sweep(pair.loaded, request, pair.tokens, cache, CancelToken()):
            if isinstance(event, SweepStarted):
                part = event.result
            elif isinstance(event, SweepPart):
                assert part is not None
                part = part.with_part(event)
                break
        # The last layer's cell, alone: one layer of the clean run, and its own beside it.
        assert part is not None
        assert (part.counted, part.row_layers) == (1, rows + 2)
        save_cells(part, kept)
        saved = saved_cells(request, kept)
        alone = (1 + 2) * rows + 2, (1 + 2 + 2) * rows + 2  # cells one and two layers further up
        for earlier in (part, saved):
            found = swept(pair, request, cache, earlier)
            assert (found.counted, found.row_layers) == (3, rows + 2 + sum(alone))


def test_that_cells_kept_before_there_was_a_count_are_none_of_what_is_counted(tiny_of: TinyOf, tmp_path: Path) -> None:
    pair, kept, cache = pair_of(tiny_of, "gpt2", ""), tmp_path / "kept.npz", RunCache()
    request = request_of(pair)
    save_cells(swept(pair, request, cache), kept)
    with np.load(kept) as stored:
        older = {name: value for name, value in stored.items() if name not in ("counted", "row_layers")}
    np.savez(kept, **older)
    found = swept(pair, request, cache, saved_cells(request, kept))
    assert (found.counted, found.row_layers, found.full_row_layers) == (0, 0, 0)
    assert sweep_answer(found)["reused"]["share"] is None


def test_that_the_answer_tells_it_and_an_estimate_has_nothing_to_tell(tiny_of: TinyOf) -> None:
    pair, cache = pair_of(tiny_of, "gpt2", ""), RunCache()
    computed = together(len(pair.ids) - TOKEN, 1)
    whole = N_LAYERS * N_LAYERS * len(pair.ids)
    assert sweep_answer(swept(pair, request_of(pair), cache))["reused"] == {
        "clean_run": False,
        "all_tokens": None,
        "in_batches": True,
        "cells": 3,
        "row_layers": computed,
        "row_layers_of_full_passes": whole,
        "share": computed / whole,
    }
    assert "reused" not in sweep_answer(swept(pair, request_of(pair, method="screen"), cache))
