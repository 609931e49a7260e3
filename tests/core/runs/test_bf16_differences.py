"""Sweeps whose products of differences are in bf16: near to exact, still where nothing changes, and open about it."""

from __future__ import annotations

import csv
import io
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import Mock, patch

import numpy as np
import pytest
import torch

from core.cancel import CancelToken
from core.errors import SurgeryError
from core.hooks import attention, differences, products
from core.runs.cell_answers import Part
from core.runs.compile import NOTHING
from core.runs.request import ResolvedIncision
from core.runs.sweep import sweep
from core.runs.sweep_answer import as_csv, sweep_answer, write_parquet
from core.runs.sweep_check import FEWEST, cells_to_check
from core.runs.sweep_file import save_cells, saved_cells
from core.runs.sweep_result import SweepStarted
from core.runs.sweep_words import bf16_words
from core.runs.tape import Tape, record
from core.sites.selection import at
from tests.core.runs.engine_runs import Pair, cut, pair_of
from tests.core.runs.test_sweep_engine import cells_of, wanted_of
from tests.fixtures.skips import NO_PYARROW
from tests.fixtures.swept import events_of, session_on, spec, swept
from tests.fixtures.tiny_families import every_variant
from tests.fixtures.tiny_family import TinyOf
from tests.fixtures.tiny_models import TinyModel

# bf16 has 8 bits; errors scale with the effects, measured here at up to 1.7 % of the largest.
SHARE, LEAST = 0.025, 1e-4
EVERY_TOKEN = spec("resid", "scale", at=None, params={"k": 0.5}, bf16=True)
WITH_BF16 = patch("core.hooks.differences._pays", return_value=True)
WITHOUT_BF16 = patch("core.hooks.differences._pays", return_value=False)
# Their products are classes of their own, or they take one run at a time.
EXACT_FAMILIES = {"bloom", "falcon"}


def numbers_of(pair: Pair, tape: Tape, cells: list[ResolvedIncision], *, bf16: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes of the log-probability [cell], NaN where nothing is predicted, and the similarities."""
    changes = np.full(len(cells), np.nan)
    cosines = np.full((len(cells), 2, pair.loaded.info.n_layers + 1), np.nan)
    nothing = [NOTHING] * len(cells)
    for part in sweep(pair.loaded, tape, cells, nothing, wanted_of(pair), CancelToken(), bf16=bf16):
        if isinstance(part, Part):
            cosines[list(part.cells)] = part.cosine
            if part.d_log_prob is not None:
                changes[list(part.cells)] = part.d_log_prob
    return changes, cosines


@pytest.mark.parametrize(("family", "variant"), every_variant())
def test_that_errors_are_small_beside_the_effects(family: str, variant: str, tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, family, variant)
    tape, cells = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair)
    idle = [cut(cell.site, cell.positions, "scale", {"k": 1.0}) for cell in cells[:-1]]
    changes, cosines = numbers_of(pair, tape, cells, bf16=False)
    near, curves = numbers_of(pair, tape, cells, bf16=True)
    still, clean = numbers_of(pair, tape, idle, bf16=True)
    assert np.array_equal(curves, cosines) == (family in EXACT_FAMILIES)
    assert np.abs(curves - cosines).max() <= SHARE * np.abs(cosines - clean[0]).max() + LEAST
    # The last numbers of an array can be rounded apart from equal ones before them, exact or not.
    assert np.mean([np.array_equal(curve, clean[0]) for curve in clean]) > 0.9
    np.testing.assert_allclose(clean, np.broadcast_to(clean[0], clean.shape), atol=1e-6)
    if pair.read is not None:
        assert np.abs(near - changes).max() <= SHARE * np.abs(changes).max() + LEAST
        assert np.mean(still == 0) > 0.9
        np.testing.assert_allclose(still, 0, atol=1e-5)


def test_that_the_clean_run_goes_along_in_every_part(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    tape, cells = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair)
    changes, cosines = numbers_of(pair, tape, cells, bf16=True)
    with patch.multiple("core.runs.batch_sizes", ROWS_AT_ONCE=24, WAVE_BYTES=65536):
        in_parts, curves = numbers_of(pair, tape, cells, bf16=True)
    # In parts or not, the same products are rounded in the same way.
    np.testing.assert_allclose(in_parts, changes, atol=2e-5)
    np.testing.assert_allclose(curves, cosines, atol=2e-5)


def test_that_attention_is_written_out_only_where_its_rounding_matters_little(tiny_of: TinyOf) -> None:
    pair = pair_of(tiny_of, "gpt2", "")
    tape, cells = record(pair.loaded, pair.ids, CancelToken()), cells_of(pair)
    for bf16 in (True, False):
        written_out = Mock(wraps=attention._written_out)
        with patch.object(attention, "_written_out", written_out):
            numbers_of(pair, tape, cells, bf16=bf16)
        assert written_out.called == (not bf16)


def test_that_products_are_rounded_in_proportion_to_the_difference() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(64, 32)
    x = torch.randn(1, 3, 64) * 100 + torch.randn(5, 3, 64) * 1e-3
    x[3] = x[0]
    with torch.inference_mode():
        exact = layer.double()(x.double())
        layer.float()
        with products.fast_products([layer], 15, bf16=True):
            found = layer(x)
            flat = layer(x.flatten(0, 1))
        moved = exact - exact[:1]
        off = ((found - found[:1]).double() - moved)[[1, 2, 4]]
    assert "forward" not in layer.__dict__
    np.testing.assert_array_equal(found[3], found[0])
    assert float(off.abs().max()) < 1e-2 * float(moved.abs().max()) + 1e-4
    np.testing.assert_allclose(flat.numpy(), exact.flatten(0, 1).numpy(), atol=2e-4)


@pytest.mark.parametrize("name", ["tiny_gpt2", "tiny_llama", "tiny_bert", "tiny_bert_encoder"])
def test_that_the_error_stated_is_that_of_the_cells_run_again(name: str, request: pytest.FixtureRequest) -> None:
    tiny: TinyModel = request.getfixturevalue(name)
    entries = {} if name != "tiny_bert_encoder" else {"versus": None}
    session = session_on(tiny, **entries)
    with WITH_BF16:
        found = swept(tiny, EVERY_TOKEN, session)
    exact = swept(tiny, spec("resid", "scale", at=None, params={"k": 0.5}), session)
    checked = found.checked
    assert found.bf16 and checked is not None and not exact.bf16 and exact.checked is None
    chosen = list(checked.cells)
    assert len(set(chosen)) == FEWEST
    for readout in ("log_prob", "logit_difference", "kl", "cosine"):
        ours, theirs, stated = getattr(found, readout), getattr(exact, readout), getattr(checked, readout)
        assert (ours is None) == (stated is None)
        if ours is not None:
            assert stated == pytest.approx(np.abs(ours[chosen] - theirs[chosen]).max(), abs=2e-6)
            assert stated > 0
    assert found.remarks[-1] == bf16_words(found)
    assert f"{checked.cosine:.1e} of cosine" in found.remarks[-1]
    assert f"the {FEWEST} of {len(found.done)} cells" in found.remarks[-1]
    assert found.request.digest != exact.request.digest


def test_that_half_of_the_cells_run_again_are_those_with_the_largest_effects(tiny_gpt2: TinyModel) -> None:
    with WITH_BF16:
        found = swept(tiny_gpt2, spec(at=None, layer=0, bf16=True))
    chosen = cells_to_check(found)
    assert found.d_log_prob is not None and found.checked is not None
    assert tuple(chosen) == found.checked.cells == tuple(sorted(set(chosen)))
    largest = np.argsort(-np.abs(found.d_log_prob), kind="stable")[: FEWEST // 2]
    assert set(largest.tolist()) <= set(chosen)


def test_that_a_sweep_is_exact_where_bf16_is_no_help_and_says_why(tiny_gpt2: TinyModel, tiny_of: TinyOf) -> None:
    exact = swept(tiny_gpt2, spec("resid", "scale", at=None, params={"k": 0.5}))
    with WITHOUT_BF16:
        found = swept(tiny_gpt2, EVERY_TOKEN)
    assert (found.bf16, found.checked) == (False, None)
    np.testing.assert_array_equal(found.cosine, exact.cosine)
    np.testing.assert_array_equal(found.d_log_prob, exact.d_log_prob)
    assert found.remarks[-1] == "Run exactly. This processor multiplies no faster in bf16 at this model's width."
    assert sweep_answer(found)["method"] == "exact"
    with WITH_BF16:
        reasons = [
            swept(tiny_of("bloom"), EVERY_TOKEN).remarks[-1],
            swept(tiny_of("falcon"), EVERY_TOKEN).remarks[-1],
            swept(tiny_gpt2, spec(at=at(3), bf16=True)).remarks[-1],
        ]
    assert [each.split(". ")[1] for each in reasons] == [
        "This model computes one run at a time, and exactly.",
        "The model has no plain products in float32 on the processor.",
        "12 cells are too few for bf16: to check it would take as long.",
    ]


@pytest.mark.parametrize(
    ("with_bf16", "reason"), [(True, ""), (False, "This processor multiplies no faster in bf16 at this model's width.")]
)
def test_that_the_cost_of_any_sweep_says_whether_bf16_would_help(
    tiny_gpt2: TinyModel, with_bf16: bool, reason: str
) -> None:
    with WITH_BF16 if with_bf16 else WITHOUT_BF16:
        events = events_of(tiny_gpt2, spec("resid", "scale", at=None, params={"k": 0.5}))
    assert [event.cost.why_not_bf16 for event in events if isinstance(event, SweepStarted)] == [reason]


@pytest.mark.parametrize(("took", "pays"), [([1.0, 0.5], True), ([1.0, 0.75], False), ([1.0, 30.0], False)])
def test_that_the_processor_is_measured(took: list[float], pays: bool) -> None:
    threads = torch.get_num_threads()
    with patch("core.hooks.differences.quickest", return_value=took):
        assert differences._pays.__wrapped__(64) == pays
    assert torch.get_num_threads() == threads


def test_that_what_is_done_in_one_way_is_not_resumed_in_the_other(tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    path = tmp_path / "cells.partial"
    with WITH_BF16:
        short = swept(tiny_gpt2, EVERY_TOKEN)
    exact = swept(tiny_gpt2, spec("resid", "scale", at=None, params={"k": 0.5}))
    save_cells(short, path)
    kept = saved_cells(short.request, path)
    assert kept is not None and kept.bf16
    with pytest.raises(SurgeryError, match="another sweep"):
        saved_cells(exact.request, path)
    save_cells(exact, path)
    kept = saved_cells(exact.request, path)
    assert kept is not None and not kept.bf16
    with pytest.raises(SurgeryError, match="another sweep"):
        saved_cells(short.request, path)


def test_that_a_resumed_sweep_in_bf16_is_checked_as_a_whole(tiny_gpt2: TinyModel) -> None:
    with WITH_BF16:
        whole = swept(tiny_gpt2, EVERY_TOKEN)
    # The same file on a machine that gains nothing from bf16: its cells are still in bf16.
    with WITHOUT_BF16:
        found = swept(tiny_gpt2, EVERY_TOKEN, earlier=lambda _: whole)
    assert found.bf16 and found.checked == whole.checked
    np.testing.assert_array_equal(found.cosine, whole.cosine)


def test_that_every_form_of_the_answer_states_the_error(tiny_gpt2: TinyModel) -> None:
    with WITH_BF16:
        found = swept(tiny_gpt2, EVERY_TOKEN)
    assert found.checked is not None
    answer = sweep_answer(found)
    assert answer["method"] == "bf16" and answer["remarks"][-1] == bf16_words(found)
    assert answer["checked"] == {
        "cells": list(found.checked.cells),
        "largest_error_log_prob": found.checked.log_prob,
        "largest_error_logit_difference": found.checked.logit_difference,
        "largest_error_kl": found.checked.kl,
        "largest_error_cosine": found.checked.cosine,
    }
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert {row["method"] for row in rows} == {"bf16"}
    assert [number for number, row in enumerate(rows) if row["checked"] == "True"] == list(found.checked.cells)
    assert {float(row["largest_error_log_prob"]) for row in rows} == {found.checked.log_prob}


@pytest.mark.skipif(find_spec("pyarrow") is None, reason=NO_PYARROW)
def test_that_parquet_states_the_error(tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    from pyarrow import parquet

    with WITH_BF16:
        found = swept(tiny_gpt2, EVERY_TOKEN)
    write_parquet(found, tmp_path / "cells.parquet")
    columns = parquet.read_table(tmp_path / "cells.parquet").to_pydict()
    assert found.checked is not None
    assert set(columns["method"]) == {"bf16"}
    assert sum(columns["checked"]) == len(found.checked.cells)
    assert set(columns["largest_error_cosine"]) == {found.checked.cosine}
