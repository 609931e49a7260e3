"""Sweeps: every cell gives the numbers of a run of its own, and what is done is not done again."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError
from core.runs import supplies, sweep_run
from core.runs.cache import RunCache
from core.runs.capture import capture
from core.runs.events import Progress, Resolved, TokensReady
from core.runs.spread import spread_of
from core.runs.sweep import sweep
from core.runs.sweep_result import SweepFinished, SweepPart, SweepProgress, SweepStarted
from core.sessions.sweep_session import sweep_session
from core.sites.selection import ALL, MASK, at, parse_selection
from tests.fixtures.opened_models import opened
from tests.fixtures.swept import events_of, run_of_cell, session_on, spec, swept

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.sweep_result import SweepResult
    from core.sessions.session import Session
    from core.sessions.sweep_spec import SweepSpec
    from tests.fixtures.tiny_family import TinyOf
    from tests.fixtures.tiny_models import TinyModel

CLOSE = 1e-4
LAST = at(-1)
EVERY_OPERATION = [
    spec("heads", "scale", at=at(3), params={"k": -1}),
    spec("heads", "mean", at=at(2, 4)),
    spec("heads", "mean", at=at(2), params={"over": "references"}),
    spec("heads", "median", at=at(2, 3), params={"over": "scalar"}),
    spec("heads", "patch", at=at(2)),
    spec("mlp", "resample", at=at(2), params={"seed": 3}),
    spec("attn", "noise", at=at(1), params={"seed": 5}),
    spec("mlp", "matched_noise", at=ALL, params={"seed": 2}),
    spec("blocks", "skip", at=at(2)),
    spec("blocks", "shuffle", at=LAST),
    spec("resid", "project_out", at=at(3), params={"v": "donor"}),
    spec("resid", "project_out", at=at(3), params={"v": "pca2"}),
    spec("resid", "noise", at=ALL, params={"std": "token"}),
]
EVERY_AXIS = [
    (spec(at=at(4)), ("layer", "head"), (3, 4)),
    (spec(at=None, layer=1), ("layer", "head", "token"), (1, 4, 13)),
    (spec("queries", at=at(4)), ("layer", "head"), (3, 4)),
    (spec("resid", at=None), ("layer", "token"), (3, 13)),
    (spec("attn", at=at(2)), ("layer",), (3,)),
    (spec("mlp", at=ALL), ("layer",), (3,)),
    (spec("blocks", at=at(0)), ("layer",), (3,)),
    (spec("neurons", at=LAST, layer=2), ("layer", "neuron"), (1, 128)),
    (spec("resid", "scale", at=at(5), doses=(0.0, 0.5, 2.0)), ("layer", "dose"), (3, 3)),
    (spec("heads", "noise", at=None, layer=0, doses=(0.5, 1.0)), ("layer", "head", "token", "dose"), (1, 4, 13, 2)),
]


def hold_cells(
    tiny: TinyModel,
    result: SweepResult,
    numbers: list[int],
    session: Session | None = None,
    donor: LoadedModel | None = None,
) -> None:
    """Compare cells with runs of their own."""
    for number in numbers:
        run = run_of_cell(tiny, result, number, session, donor)
        assert (result.target, result.target_text) == (run.target, run.target_text)
        pairs = (
            (result.log_prob, run.operated.numbers["log_prob"]),
            (result.d_log_prob, run.effect.log_prob),
            (result.logit_difference, run.operated.numbers["logit_difference"]),
            (result.d_logit_difference, run.effect.logit_difference),
            (result.kl, run.effect.kl),
        )
        for found, wanted in pairs:
            assert (found is None) == (wanted is None)
            if found is not None:
                assert found[number] == pytest.approx(wanted, abs=CLOSE)
        np.testing.assert_allclose(result.cosine[number], run.operated.curves["cosine"].values, atol=CLOSE)
        np.testing.assert_allclose(result.clean_cosine, run.clean.curves["cosine"].values, atol=CLOSE)


@pytest.mark.parametrize("wanted", EVERY_OPERATION, ids=lambda wanted: f"{wanted.sites}-{wanted.operation}")
def test_that_every_operation_gives_the_numbers_of_single_runs(tiny_gpt2: TinyModel, wanted: SweepSpec) -> None:
    result = swept(tiny_gpt2, wanted)
    assert result.is_complete
    hold_cells(tiny_gpt2, result, list(range(len(result.done))))


@pytest.mark.parametrize("family", ["llama", "bert", "bloom", "albert"])
@pytest.mark.parametrize(
    "wanted",
    [
        spec(at=at(3)),
        spec("keys", at=at(3)),
        spec("resid", "noise", at=None),
        spec("mlp", "mean", at=at(2)),
        spec("heads", "patch", at=at(2)),
    ],
    ids=lambda wanted: f"{wanted.sites}-{wanted.operation}",
)
def test_that_every_kind_of_family_gives_the_numbers_of_single_runs(
    tiny_of: TinyOf, family: str, wanted: SweepSpec
) -> None:
    tiny = tiny_of(family)
    result = swept(tiny, wanted)
    assert result.is_complete
    count = len(result.done)
    hold_cells(tiny, result, list(range(0, count, max(1, count // 12))))


def test_that_a_model_without_a_head_gives_similarities_only(tiny_bert_encoder: TinyModel) -> None:
    session = session_on(tiny_bert_encoder, versus=None)
    result = swept(tiny_bert_encoder, spec(at=at(3)), session)
    assert (result.log_prob, result.d_log_prob, result.kl, result.target) == (None, None, None, None)
    hold_cells(tiny_bert_encoder, result, [0, 5, 11], session)


def test_that_another_model_can_be_transplanted_from(tiny_gpt2: TinyModel, tiny_llama: TinyModel) -> None:
    donor = opened(tiny_llama)
    session = session_on(tiny_gpt2, donor_model=donor.info.name, donor_prompt="")
    wanted = spec("resid", "transplant", at=at(3), params={"layer": 1, "map": "least_squares"})
    result = swept(tiny_gpt2, wanted, session, donor=donor)
    assert result.is_complete
    assert any("least squares" in remark for remark in result.remarks)
    hold_cells(tiny_gpt2, result, [0, 1, 2], session, donor)


@pytest.mark.parametrize(("wanted", "names", "shape"), EVERY_AXIS, ids=lambda value: str(value)[:40])
def test_that_cells_lie_along_their_axes(
    tiny_gpt2: TinyModel, wanted: SweepSpec, names: tuple[str, ...], shape: tuple[int, ...]
) -> None:
    result = swept(tiny_gpt2, wanted)
    request = result.request
    assert tuple(axis.name for axis in request.axes) == names
    n_tokens = len(request.ids)
    assert tuple(len(axis.values) for axis in request.axes) == tuple(n_tokens if n == 13 else n for n in shape)
    grid = np.arange(len(request.cells)).reshape([len(axis.values) for axis in request.axes])
    for place, number in np.ndenumerate(grid):
        cell = request.cells[number]
        assert cell.index == number
        where = {axis.name: axis.values[step] for axis, step in zip(request.axes, place, strict=True)}
        assert cell.site.layer == where["layer"]
        assert cell.site.head == where.get("head")
        assert cell.site.neuron == where.get("neuron")
        if "token" in where:
            assert cell.positions == (where["token"],)
        if "dose" in where:
            assert where["dose"] in dict(cell.params).values()
    hold_cells(tiny_gpt2, result, [0, len(request.cells) // 2, len(request.cells) - 1])


def test_that_a_map_has_rows_and_columns(tiny_gpt2: TinyModel) -> None:
    heads = swept(tiny_gpt2, spec(at=at(4))).request
    assert [axis.name for axis in heads.rows] == ["layer"]
    assert [axis.labels for axis in heads.columns] == [("H0", "H1", "H2", "H3")]
    tokens = swept(tiny_gpt2, spec(at=None, layer=1)).request
    assert ([axis.name for axis in tokens.rows], [axis.name for axis in tokens.columns]) == (["head"], ["token"])
    assert "".join(tokens.columns[0].labels) == tiny_gpt2.prompt


def test_that_the_mask_is_a_place(tiny_bert: TinyModel) -> None:
    result = swept(tiny_bert, spec("resid", "shuffle", at=MASK))
    assert {cell.positions for cell in result.request.cells} == {(result.request.read_position,)}
    hold_cells(tiny_bert, result, [0, 1, 2])


def test_that_what_happens_is_told_in_order(tiny_gpt2: TinyModel) -> None:
    events = events_of(tiny_gpt2, spec(at=None))
    kinds = [type(event) for event in events]
    assert kinds[0] is TokensReady
    assert kinds.index(Resolved) < kinds.index(Progress) < kinds.index(SweepStarted) < kinds.index(SweepPart)
    assert (kinds.count(SweepStarted), kinds.count(SweepFinished), kinds[-1]) == (1, 1, SweepFinished)
    started = next(event for event in events if isinstance(event, SweepStarted))
    assert started.cost.cells == len(started.result.done) > 100
    assert started.cost.seconds is not None
    assert started.cost.seconds > 0
    work = [event.work for event in events if isinstance(event, SweepProgress)]
    assert work == sorted(work)
    assert work[-1] == pytest.approx(1.0)
    parts = [event for event in events if isinstance(event, SweepPart)]
    assert len(parts) > 1
    assert sorted(number for part in parts for number in part.cells) == list(range(started.cost.cells))
    result = started.result
    for part in parts:
        result = result.with_part(part)
    last = events[-1]
    assert isinstance(last, SweepFinished)
    np.testing.assert_array_equal(result.cosine, last.result.cosine)
    assert 0 < parts[0].seconds < result.seconds == parts[-1].seconds < last.result.seconds
    assert last.result.peak_memory_bytes > 2**20


def test_that_values_are_frozen(tiny_gpt2: TinyModel) -> None:
    events = events_of(tiny_gpt2, spec(at=at(4)))
    for event in events:
        if isinstance(event, SweepPart | SweepFinished):
            values = event.cosine if isinstance(event, SweepPart) else event.result.cosine
            with pytest.raises(ValueError, match="read-only"):
                values[0] = 0.0


def test_that_an_idle_cell_changes_nothing_to_the_bit(tiny_gpt2: TinyModel) -> None:
    result = swept(tiny_gpt2, spec("heads", "scale", at=at(4), params={"k": 1}))
    for values in (result.d_log_prob, result.d_logit_difference, result.kl):
        assert (np.asarray(values) == 0.0).all()
    assert set(np.asarray(result.log_prob)) == {result.clean.numbers["log_prob"]}


def test_that_one_seed_is_drawn_in_every_cell(tiny_gpt2: TinyModel) -> None:
    result = swept(tiny_gpt2, spec("resid", "noise", at=None, params={"seed": 9}))
    assert {dict(cell.params)["seed"] for cell in result.request.cells} == {9}


def interrupted(tiny: TinyModel, wanted: SweepSpec) -> SweepResult:
    """Return what a sweep has done after its first part."""
    events = sweep_session(opened(tiny), session_on(tiny), wanted, RunCache(), CancelToken())
    result: SweepResult | None = None
    for event in events:
        if isinstance(event, SweepStarted):
            result = event.result
        if isinstance(event, SweepPart):
            assert result is not None
            return replace(result.with_part(event), seconds=100.0)
    raise AssertionError("no part came")


def test_that_what_is_done_is_not_done_again(tiny_gpt2: TinyModel) -> None:
    wanted = spec(at=None)
    earlier, whole = interrupted(tiny_gpt2, wanted), swept(tiny_gpt2, wanted)
    count = int(earlier.done.sum())
    assert 0 < count < len(earlier.done)
    ran: list[Any] = []

    def watched(loaded: Any, tape: Any, cells: Any, *more: Any, **options: Any) -> Any:
        ran.extend(cells)
        return sweep(loaded, tape, cells, *more, **options)

    with patch.object(sweep_run, "sweep", watched):
        events = events_of(tiny_gpt2, wanted, earlier=lambda request: earlier if request == earlier.request else None)
    assert len(ran) == len(earlier.done) - count
    started = next(event for event in events if isinstance(event, SweepStarted))
    assert started.cost.cells == len(ran)
    np.testing.assert_array_equal(started.result.done, earlier.done)
    last = events[-1]
    assert isinstance(last, SweepFinished)
    assert last.result.seconds > 100.0
    np.testing.assert_allclose(last.result.cosine, whole.cosine, atol=1e-6)
    np.testing.assert_allclose(np.asarray(last.result.d_log_prob), np.asarray(whole.d_log_prob), atol=1e-5)


def test_that_a_finished_sweep_has_nothing_left_to_do(tiny_gpt2: TinyModel) -> None:
    whole = swept(tiny_gpt2, spec(at=at(4)))
    events = events_of(tiny_gpt2, spec(at=at(4)), earlier=lambda _: whole)
    assert not any(isinstance(event, SweepPart | SweepProgress) for event in events)
    last = events[-1]
    assert isinstance(last, SweepFinished)
    np.testing.assert_array_equal(last.result.cosine, whole.cosine)


def test_that_cancelling_stops_at_once(tiny_gpt2: TinyModel) -> None:
    cancel = CancelToken()
    events = sweep_session(opened(tiny_gpt2), session_on(tiny_gpt2), spec(at=None), RunCache(), cancel)
    for event in events:
        if isinstance(event, SweepProgress):
            cancel.cancel()
            break
    with pytest.raises(Cancelled):
        next(events)


@pytest.mark.parametrize(
    ("wanted", "forwards"),
    [
        (spec("heads", "patch", at=at(2)), 1),
        (spec("heads", "mean", at=at(2), params={"over": "references"}), 1),
        (spec("resid", "project_out", at=None, params={"v": "donor"}), 2),
        (spec("heads", "noise", at=at(2)), 0),
    ],
    ids=lambda value: str(getattr(value, "operation", value)),
)
def test_that_what_an_operation_needs_is_gathered_for_all_cells_together(
    tiny_gpt2: TinyModel, wanted: SweepSpec, forwards: int
) -> None:
    with (
        patch.object(supplies, "capture", wraps=capture) as captured,
        patch("core.runs.trace.spread_of", wraps=spread_of) as spread,
    ):
        swept(tiny_gpt2, wanted)
    assert captured.call_count == forwards
    assert spread.call_count == (wanted.operation == "noise")


def test_that_tokens_without_a_counterpart_are_left_out_and_said(tiny_gpt2: TinyModel) -> None:
    session = session_on(tiny_gpt2, donor_prompt="Peanut butter and pineapple taste")
    events = events_of(tiny_gpt2, spec("resid", "patch", at=None), session)
    notes = next(event.notes for event in events if isinstance(event, Resolved))
    last = events[-1]
    assert isinstance(last, SweepFinished)
    left_out = {note.index for note in notes if note.part == "sweep"}
    axis = last.result.request.axis("token")
    assert axis is not None
    assert left_out
    assert all(note.expected for note in notes if note.part == "sweep")
    assert set(axis.values) | left_out == set(range(len(last.result.request.ids)))
    assert last.result.is_complete


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (spec("neurons"), "Neurons are swept one layer at a time."),
        (spec(layer=3), "There is no layer 3: "),
        (spec(doses=(1.0,)), "Silence has no dose to sweep."),
        (spec("resid", "noise", doses=(-1.0,)), "sigma cannot be -1.0."),
        (spec("resid", "scale", doses=tuple(map(float, range(1001)))), "These are 1001 doses, but at most 1000"),
        (spec("resid", "skip"), "Skip makes no sense at resid_post."),
        (spec("heads", "project_out"), "Project out makes no sense at z."),
        (spec("attn", at=at(99)), "There is no token 99: "),
        (spec("attn", at=parse_selection('"nonsense"')), "The text 'nonsense' does not stand in the prompt."),
        (spec("mlp", "mean", at=ALL), "All tokens are chosen: there are no others to average over."),
        (spec("resid", "transplant", at=None), "Transplant needs a donor model."),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_that_what_cannot_be_swept_is_said(tiny_gpt2: TinyModel, wanted: SweepSpec, sentence: str) -> None:
    with pytest.raises(SurgeryError, match=f"^{re.escape(sentence)}") as raised:
        events_of(tiny_gpt2, wanted)
    assert raised.value.hint


def test_that_a_request_is_known_again_and_another_is_not(tiny_gpt2: TinyModel) -> None:
    first, again = (swept(tiny_gpt2, spec(at=at(4))).request for _ in range(2))
    assert first.digest == again.digest
    others = [
        swept(tiny_gpt2, spec(at=at(3))).request,
        swept(tiny_gpt2, spec(at=at(4)), session_on(tiny_gpt2, versus=8)).request,
        swept(tiny_gpt2, spec(at=at(4)), session_on(tiny_gpt2, pairs=())).request,
        replace(first, method="screen"),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 5


def test_that_as_many_cells_as_places_are_asked_for(tiny_gpt2: TinyModel) -> None:
    request = swept(tiny_gpt2, spec(at=at(4))).request
    with pytest.raises(ValueError, match="one cell for every place"):
        replace(request, cells=request.cells[1:])
