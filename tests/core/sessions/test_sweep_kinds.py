"""The sweeps that the window offers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import SurgeryError
from core.interventions.notation import parse_cut
from core.models.tokenizing import token_id, tokenize
from core.runs.request import ResolvedIncision
from core.sessions.edits import with_operation
from core.sessions.other_texts import other_texts
from core.sessions.resolve_sweep import resolve_sweep
from core.sessions.session import Session
from core.sessions.sweep_kinds import KINDS, count_cells, in_plan, refused_kinds, spec_of, with_cell
from core.sites.selection import ALL, at
from core.sites.site import parse_site
from tests.fixtures.made_results import model_info, tokens
from tests.fixtures.opened_models import opened
from tests.fixtures.tiny_models import TinyModel

WORDS = tokens("Pe", "anut", " butter")


def session(operation: str = "scale", **changes: object) -> Session:
    made = with_operation(Session(model="m", prompt="p", chosen=at(-1)), operation)
    return replace(made, **changes)  # type: ignore[arg-type]


def cell(site: str = "L1H2.z", positions: tuple[int, ...] = (2,), k: float = 0.0) -> ResolvedIncision:
    return ResolvedIncision(5, parse_site(site), positions, "scale", (("k", k),))


@pytest.mark.parametrize("kind", KINDS)
def test_that_the_number_of_cells_is_told_before_they_are_made(kind: str, tiny_gpt2: TinyModel) -> None:
    loaded = opened(tiny_gpt2)
    asked = session(model=loaded.info.name, prompt=tiny_gpt2.prompt)
    spec, words = spec_of(asked, kind, 1), tokenize(loaded, tiny_gpt2.prompt)
    others = other_texts(loaded, asked, words, None)
    request, _, _ = resolve_sweep(
        asked, spec, loaded.identity, words, loaded.info, lambda text: token_id(loaded, text), others
    )
    assert count_cells(spec, loaded.info, words) == len(request.cells)


def test_that_a_sweep_takes_operation_parameters_and_tokens_of_the_brush() -> None:
    spec = spec_of(session(chosen=ALL), "layer head", 0)
    assert (spec.operation, spec.params, spec.at) == ("scale", session().brush.params, ALL)
    assert spec_of(session(), "layer token", 0).at is None


def test_that_doses_cover_the_range_of_the_slider() -> None:
    spec = spec_of(session(), "layer dose", 0)
    assert spec.dose is not None
    assert (spec.doses[0], spec.doses[-1]) == spec.dose.shown
    with pytest.raises(SurgeryError, match="no dose"):
        spec_of(session("silence"), "layer dose", 0)


def test_that_kinds_that_make_no_sense_are_refused_with_the_reason() -> None:
    assert "layer dose" in refused_kinds(session("silence"), model_info(d_mlp=8), 0)
    assert set(refused_kinds(session("skip"), model_info(d_mlp=8), 0)) >= {"layer head", "neuron"}
    assert refused_kinds(session("scale"), model_info(d_mlp=8), 0) == {}
    assert list(refused_kinds(session("scale"), model_info(), 0)) == ["neuron"]


def test_that_a_cell_goes_into_the_plan_and_off_again() -> None:
    once = with_cell(session(), cell(), WORDS)
    assert list(once.plan) == [parse_cut("L1H2.z@-1=scale(k=0)")]
    assert in_plan(cell(), once, WORDS) == 0
    assert len(with_cell(once, cell(), WORDS).plan) == 0


def test_that_another_dose_at_the_same_place_takes_the_place_of_the_first() -> None:
    twice = with_cell(with_cell(session(), cell(), WORDS), cell(k=0.5), WORDS)
    assert [dict(each.params)["k"] for each in twice.plan] == [0.5]
    assert in_plan(cell(), twice, WORDS) is None


def test_that_a_cell_keeps_its_own_tokens_whatever_is_chosen() -> None:
    made = with_cell(session(), cell(positions=(0,)), WORDS)
    assert made.plan[0].selection == at(0)
    assert with_cell(session(), cell(positions=(0, 1, 2)), WORDS).plan[0].selection == ALL
