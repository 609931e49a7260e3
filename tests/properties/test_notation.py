"""Whatever can be written is read back as it was."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from core.interventions.notation import format_cut, incision, parse_cut, parse_plan
from core.interventions.plan import Incision, Plan
from core.sites.selection import Selection, parse_selection, text_selection
from core.sites.site import Site, parse_site
from tests.properties.made_values import LARGEST, in_words, incisions, plans, refusal, selections, sites

ODD = st.text(st.sampled_from("LHz.@=()\"',-0159 silence\n"), max_size=25)


@given(sites(st.integers(0, LARGEST)))
def test_that_every_site_is_read_back(site: Site) -> None:
    assert parse_site(str(site)) == site


@given(selections(st.integers(-LARGEST, LARGEST)))
@example(text_selection('"'))
@example(text_selection("all"))
def test_that_every_selection_is_read_back(selection: Selection) -> None:
    assert parse_selection(str(selection)) == selection


@given(incisions())
def test_that_every_cut_is_read_back(cut: Incision) -> None:
    assert parse_cut(format_cut(cut)) == cut


@given(st.text(st.sampled_from("\"'=()@, a\n"), min_size=1, max_size=8))
def test_that_any_text_can_be_cut_at(text: str) -> None:
    cut = incision("L0H1.z", text_selection(text), "scale", {"k": 2})
    assert parse_cut(format_cut(cut)) == cut


@given(plans(switched_off=False))
def test_that_every_plan_survives_a_plan_file(plan: Plan) -> None:
    cuts = [format_cut(cut) for cut in plan]
    assert parse_plan(json.loads(json.dumps({"plan": cuts}, allow_nan=False))) == plan


@given(st.one_of(st.text(), ODD))
def test_that_any_text_is_read_or_refused_in_words(text: str) -> None:
    refused = [refusal(read, text) for read in (parse_cut, parse_site, parse_selection)]
    assert all(error is None or in_words(error) for error in refused)


DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ODD, st.just("embed"), st.just("scale")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["plan", "site", "op", "positions", "params", "k"]), inner, max_size=5),
    ),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_that_any_document_is_a_plan_or_refused_in_words(document: object) -> None:
    error = refusal(parse_plan, document)
    assert error is None or in_words(error)
