"""Every cell of a sweep equals a run of its own, in every family and at every hook point."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock, patch

import numpy as np
import pytest
import torch

from core.cancel import CancelToken
from core.hooks import attention
from core.hooks.attach import count_hooks
from core.hooks.product_ways import has_onednn
from core.readings.values import Pair as Words
from core.runs.cell_answers import CellAnswers, Part, Wanted
from core.runs.compile import NOTHING
from core.runs.request import ResolvedIncision
from core.runs.sweep import Tick, sweep
from core.runs.tape import Again, Tape, record
from core.runs.trace import trace, unembed
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.fixtures.multiplied import multiplied
from tests.fixtures.tiny_families import every_variant
from tests.fixtures.tiny_family import TinyOf

CLOSE = 1e-5
TARGET = 3


def cells_of(pair: Pair) -> list[ResolvedIncision]:
    """Return a cell for every hook point and layer, with one head of those that have heads, and some means."""
    info, cells = pair.loaded.info, []
    for point, kind in HOOK_POINTS.items():
        if info.why_not(point) is None and point != "logits":
            for layer in range(info.n_layers) if kind.per_layer else (None,):
                head = (layer or 0) % info.heads_at(kind.heads) if kind.per_head else None
                cells.append(cut(Site(point, layer, head), (3,), "scale", {"k": 0.3}))
    cells.append(cut(Site("mlp_out", 1), (2, 4), "mean", {"over": "prompt"}))
    return cells


def wanted_of(pair: Pair) -> Wanted:
    """Return two similarities, and a log-probability where there is one."""
    target = None if pair.read is None else TARGET
    return Wanted(pair.read, target, None, (Words("a", 1, 4), Words("b", 3, len(pair.ids) - 1)))


def swept(pair: Pair, tape: Tape, cells: list[ResolvedIncision]) -> dict[int, tuple[float | None, np.ndarray]]:
    """Return each cell's log-probability and similarities."""
    found = {}
    for part in sweep(pair.loaded, tape, cells, [NOTHING] * len(cells), wanted_of(pair), CancelToken()):
        assert count_hooks(pair.loaded.network) == 0
        if isinstance(part, Part):
            for place, number in enumerate(part.cells):
                log_prob = None if part.log_prob is None else float(part.log_prob[place])
                found[number] = log_prob, part.cosine[place]
    return found


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_every_cell_equals_a_run_of_its_own(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    cells, wanted = cells_of(pair), wanted_of(pair)
    found = swept(pair, record(pair.loaded, pair.ids, CancelToken()), cells)
    assert sorted(found) == list(range(len(cells)))
    for number, cell in enumerate(cells):
        residuals = trace(pair.loaded, pair.ids, (cell,), CancelToken()).residuals
        log_prob, cosine = found[number]
        for words, curve in zip(wanted.pairs, cosine, strict=True):
            plain = torch.cosine_similarity(residuals[:, words.a].double(), residuals[:, words.b].double(), dim=-1)
            assert np.abs(plain.numpy() - curve).max() < CLOSE, cell
        assert (log_prob is None) == (pair.read is None)
        if log_prob is not None:
            plain = unembed(pair.loaded, residuals[-1, pair.read]).log_softmax(dim=-1)[TARGET]
            assert abs(float(plain) - log_prob) < CLOSE, cell


def test_that_small_chunks_and_waves_give_the_same(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "llama", "")
    tape, cells = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair)
    usual = swept(pair, tape, cells)
    small = patch.multiple("core.runs.batch_sizes", ROWS_AT_ONCE=12, WAVE_BYTES=4096, ANSWERS_AT_ONCE=3)
    with small, multiplied(None, laid_out=has_onednn(), many_rows=1):
        cut_up = swept(pair, tape, cells)
    for number, (log_prob, cosine) in usual.items():
        other = cut_up[number]
        assert log_prob is not None and other[0] is not None
        assert abs(log_prob - other[0]) < CLOSE
        assert np.abs(cosine - other[1]).max() < CLOSE


@pytest.mark.skipif(not has_onednn(), reason="torch was built without oneDNN")
@pytest.mark.parametrize("laid_out", [True, False])
@pytest.mark.parametrize("way", ["oneDNN", "in pieces", None])
def test_that_cells_that_change_nothing_keep_their_bits_where_parts_are_multiplied_in_other_ways(
    way: str | None, laid_out: bool, tiny_of: TinyOf
) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    sites = [Site("z", layer, head) for layer in range(2) for head in range(pair.loaded.info.n_heads)]
    cells = [ResolvedIncision(0, site, (2,), "scale", (("k", 1.0),)) for site in sites]
    tape = record(pair.loaded, pair.ids, CancelToken())
    found: list[Part] = []
    # All cells together are many rows, and are split; each of the parts is few.
    with multiplied(way, laid_out=laid_out, many_rows=16), patch("core.runs.batch_sizes.ROWS_AT_ONCE", 8):
        for part in sweep(pair.loaded, tape, cells, [NOTHING] * len(cells), wanted_of(pair), CancelToken()):
            if isinstance(part, Part):
                found.append(part)
    assert sum(len(part.cells) for part in found) == len(cells)
    for part in found:
        assert part.d_log_prob is not None
        assert not part.d_log_prob.any()
        assert (part.cosine == part.cosine[:1]).all()


def test_that_no_part_is_larger_than_what_goes_through_a_layer_at_once(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "llama", "")
    tape, cells, seen = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair), []
    usual = Again.layer

    def watched(again: Again, number: int, hidden: torch.Tensor, rows: tuple[int, ...], *own: Any, **more: Any) -> Any:
        if number == pair.loaded.info.n_layers - 1 and not own:  # not what the cells of this layer begin with
            seen.append((len(hidden) - 1, len(rows)))
        return usual(again, number, hidden, rows, *own, **more)

    with patch("core.runs.batch_sizes.ROWS_AT_ONCE", 40), patch.object(Again, "layer", watched):
        swept(pair, tape, cells)
    assert [n_cells for n_cells, n_rows in seen if n_cells > 1]
    assert not [n_cells for n_cells, n_rows in seen if n_cells > max(1, 40 // n_rows)]


def test_that_only_what_is_read_is_compared_with_the_clean_run(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    residuals = record(pair.loaded, pair.ids, CancelToken()).residuals
    answers = CellAnswers(pair.loaded, Wanted(6, TARGET, None, (Words("a", 1, 4),)), residuals)
    assert answers.rows_read((0, 1, 2, 3, 4, 5, 6)) == (1, 4, 6)
    assert answers.rows_read((2, 3, 4)) == (4,)
    assert answers.rows_read((2, 3)) == (2,)  # there is no batch of no rows


def test_that_attention_written_out_for_many_short_scenarios_gives_the_same(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    tape, cells, found = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair), []
    for few in (0, 512):
        written_out = Mock(wraps=attention._written_out)
        with patch.multiple(attention, FEW_SCORES=few, _written_out=written_out):
            found.append(swept(pair, tape, cells))
        assert written_out.called == bool(few)
    for number in range(len(cells)):
        (log_prob, cosine), (other, curve) = found[0][number], found[1][number]
        assert log_prob == pytest.approx(other, abs=CLOSE)
        assert np.abs(cosine - curve).max() < CLOSE


@pytest.mark.skipif(not has_onednn(), reason="torch was built without oneDNN")
@pytest.mark.parametrize(("way", "many_rows"), [("oneDNN", 512), ("in pieces", 512), (None, 1)])
def test_that_products_made_in_any_way_give_the_same(way: str | None, many_rows: int, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    cells, found = cells_of(pair), []
    for by in (multiplied(None, laid_out=False), multiplied(way, laid_out=True, many_rows=many_rows)):
        with by:
            found.append(swept(pair, record(pair.loaded, pair.ids, CancelToken()), cells))
    for number in range(len(cells)):
        (log_prob, cosine), (other, curve) = found[0][number], found[1][number]
        assert log_prob == pytest.approx(other, abs=CLOSE)
        assert np.abs(cosine - curve).max() < CLOSE


def test_that_the_model_is_free_after_every_layer_and_the_work_ends_at_all_of_it(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    tape, cells = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair)
    ticks = []
    for part in sweep(pair.loaded, tape, cells, [NOTHING] * len(cells), wanted_of(pair), CancelToken()):
        if isinstance(part, Tick):
            ticks.append(part.work)
            assert torch.allclose(record(pair.loaded, pair.ids, CancelToken()).residuals, tape.residuals)
    assert ticks == sorted(ticks)
    assert ticks[-1] == pytest.approx(1.0)


def test_that_kl_is_exact_over_a_large_vocabulary(tiny_of: TinyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    tape = record(pair.loaded, pair.ids, CancelToken())
    drawn = (6 * torch.randn(4, 128256, generator=torch.Generator().manual_seed(0))).log_softmax(dim=-1)
    monkeypatch.setattr("core.runs.cell_answers.logits_of", lambda _, last: drawn[:, None])
    part = CellAnswers(pair.loaded, wanted_of(pair), tape.residuals).part((0, 1, 2), None, torch.zeros(3, 2, 1), 8)
    clean, operated = drawn[0].double(), drawn[1:].double()
    exact = ((clean - operated) * clean.exp()).sum(dim=-1)
    assert part.kl is not None
    np.testing.assert_allclose(part.kl, exact, atol=CLOSE)
