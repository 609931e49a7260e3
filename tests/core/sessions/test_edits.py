"""Edits: pure functions from a session to a new one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from core.errors import SurgeryError
from core.interventions.notation import format_cut, parse_cut
from core.interventions.plan import Plan
from core.runs.generation import Generation
from core.sessions import edits
from core.sessions.session import Brush, Session, TokenPair, patching_words
from core.sessions.settings import GENERATION
from core.sites.selection import at, text_selection
from core.sites.site import Site, parse_site

LAST_SEED = 2**31 - 1


def session(*cuts: str) -> Session:
    return Session(model="m", prompt="p", plan=Plan(tuple(map(parse_cut, cuts))))


def cuts(session: Session) -> list[str]:
    return [format_cut(incision) for incision in session.plan]


NOISY = edits.with_operation(session(), "noise")
HEADS = [Site("z", 1, head) for head in range(3)]


def test_that_another_operation_comes_with_its_defaults() -> None:
    assert NOISY.brush == Brush("noise", (("seed", 0), ("sigma", 1.0), ("std", "layer")))
    assert edits.with_operation(NOISY, "silence").brush == Brush("silence", ())


def test_that_an_unknown_operation_is_refused() -> None:
    with pytest.raises(SurgeryError, match="There is no operation 'explode'"):
        edits.with_operation(session(), "explode")


def test_that_a_parameter_of_the_brush_is_changed_and_checked() -> None:
    changed = edits.with_brush_param(NOISY, "sigma", "2.5")
    assert dict(changed.brush.params)["sigma"] == 2.5
    with pytest.raises(SurgeryError, match="sigma cannot be -1"):
        edits.with_brush_param(NOISY, "sigma", -1)
    with pytest.raises(SurgeryError, match="has no parameter 'k'"):
        edits.with_brush_param(NOISY, "k", 1)


def test_that_the_brush_can_be_filled_from_an_incision() -> None:
    found = edits.with_brush_of(session("embed@0=silence", "embed@1=scale(k=3)"), 1)
    assert found.brush == Brush("scale", (("k", 3.0),))


def test_that_a_parameter_of_an_incision_is_changed_and_checked() -> None:
    before = session("embed@0=silence", "embed@1=scale(k=3)")
    assert cuts(edits.with_incision_param(before, 1, "k", 4)) == ["embed@0=silence", "embed@1=scale(k=4.0)"]
    with pytest.raises(SurgeryError, match="k cannot be nan"):
        edits.with_incision_param(before, 1, "k", float("nan"))


def test_that_the_brush_cuts_every_site_at_the_chosen_tokens() -> None:
    painted = edits.painted(session("embed@0=silence"), [Site("attn_out", 2), Site("z", 1, 3)], text_selection("on"))
    assert cuts(painted) == ["embed@0=silence", 'L2.attn_out@"on"=silence', 'L1H3.z@"on"=silence']


def test_that_a_cut_at_the_same_place_is_replaced_where_it_stands() -> None:
    before = session("L1H0.z@4=silence", "L1H1.z@4=silence", "L1H0.z@5=silence")
    after = edits.painted(edits.with_operation(before, "scale"), [HEADS[0]], at(4))
    assert cuts(after) == ["L1H0.z@4=scale(k=0.5)", "L1H1.z@4=silence", "L1H0.z@5=silence"]


def test_that_random_cuts_made_together_draw_different_noise() -> None:
    painted = edits.painted(edits.with_brush_param(NOISY, "seed", 7), HEADS, at(0))
    assert [incision.param("seed") for incision in painted.plan] == [7, 8, 9]


def test_that_seeds_begin_again_at_their_end() -> None:
    painted = edits.painted(edits.with_brush_param(NOISY, "seed", LAST_SEED), HEADS, at(0))
    assert [incision.param("seed") for incision in painted.plan] == [LAST_SEED, 0, 1]
    assert [parse_cut(text) for text in cuts(painted)] == list(painted.plan)


def test_that_a_brush_with_missing_parameters_is_completed() -> None:
    bare = Session(model="m", prompt="p", brush=Brush("scale"))
    assert cuts(edits.painted(bare, [parse_site("embed")], at(0))) == ["embed@0=scale(k=0.5)"]


def test_that_incisions_are_erased_by_index() -> None:
    before = session("embed@0=silence", "embed@1=silence", "embed@2=silence")
    assert cuts(edits.erased(before, [2, 0, 2])) == ["embed@1=silence"]
    assert edits.erased(before, []) == before


def test_that_one_or_all_incisions_are_switched_off_and_on() -> None:
    before = session("embed@0=silence", "embed@1=silence")
    one = edits.with_enabled(before, False, 1)
    none = edits.with_enabled(before, False)
    assert [incision.enabled for incision in one.plan] == [True, False]
    assert [incision.enabled for incision in none.plan] == [False, False]
    assert edits.with_enabled(none, True) == before


def test_that_incisions_change_their_order() -> None:
    before = session("embed@0=silence", "embed@1=silence", "embed@2=silence")
    assert cuts(edits.moved(before, 2, 0)) == ["embed@2=silence", "embed@0=silence", "embed@1=silence"]


def test_that_clearing_leaves_everything_but_the_plan() -> None:
    before = edits.with_pair(session("embed@0=silence"), TokenPair(at(0), at(1)))
    after = edits.cleared(before)
    assert len(after.plan) == 0
    assert after.pairs == before.pairs


def test_that_pairs_are_added_once_up_to_a_limit_and_taken_away() -> None:
    pairs = [TokenPair(at(0), at(n)) for n in range(1, 6)]
    found = session()
    for pair in (*pairs[:4], pairs[0]):
        found = edits.with_pair(found, pair)
    assert found.pairs == tuple(pairs[:4])
    with pytest.raises(SurgeryError) as caught:
        edits.with_pair(found, pairs[4])
    assert str(caught.value) == "There are 4 pairs already. Remove one before you add another."
    assert edits.without_pair(found, 1).pairs == (pairs[0], pairs[2], pairs[3])


def test_that_no_two_random_incisions_share_a_seed_however_they_are_made() -> None:
    first = edits.painted(NOISY, [Site("z", 0, head) for head in range(3)], at(0))
    later = edits.painted(first, [Site("z", 1, 0)], at(0))
    elsewhere = edits.painted(later, [Site("z", 0, 0)], at(1))
    assert [incision.param("seed") for incision in elsewhere.plan] == [0, 1, 2, 3, 4]


def test_that_a_cut_with_another_operation_takes_the_place_of_the_one_there() -> None:
    site = Site("z", 0, 0)
    silenced = edits.painted(edits.with_operation(session(), "silence"), [site], text_selection("word"))
    noisy = edits.painted(edits.with_operation(silenced, "noise"), [site], at(3), {site: 0})
    assert [(each.operation, each.selection) for each in noisy.plan] == [("noise", at(3))]


def test_that_nothing_is_painted_where_the_operation_makes_no_sense() -> None:
    skipping = edits.with_operation(session(), "skip")
    with pytest.raises(SurgeryError, match="Skip makes no sense at z"):
        edits.painted(skipping, [Site("block", 0), *HEADS], at(0))


TWO = edits.with_donor_prompt(session("embed@0=silence"), "another")


def test_that_tokens_are_matched_one_with_one() -> None:
    matched = edits.with_match(edits.with_match(edits.with_match(TWO, 5, 6), 4, 5), 2, 2)
    assert matched.matches == ((2, 2), (4, 5), (5, 6))
    assert edits.with_match(matched, 4, 6).matches == ((2, 2), (4, 6))
    assert edits.without_match(matched, 4).matches == ((2, 2), (5, 6))
    assert edits.without_match(matched, 3) == matched


@pytest.mark.parametrize("blank", ["", "  "])
def test_that_without_a_second_prompt_there_is_nothing_to_match_or_swap(blank: str) -> None:
    alone = edits.with_donor_prompt(session(), blank)
    with pytest.raises(SurgeryError, match="no counterfactual prompt to match"):
        edits.with_match(alone, 0, 0)
    with pytest.raises(SurgeryError, match="no counterfactual prompt to swap"):
        edits.swapped_prompts(alone)


def test_that_another_prompt_on_either_side_drops_matches_that_named_its_tokens() -> None:
    matched = edits.with_match(TWO, 4, 5)
    assert edits.with_prompt(matched, "new").matches == ()
    assert edits.with_donor_prompt(matched, "new").matches == ()
    assert edits.with_prompt(matched, matched.prompt) == matched
    assert edits.with_donor_prompt(matched, matched.donor_prompt) == matched


def test_that_swapping_exchanges_the_prompts_and_keeps_which_of_them_is_clean() -> None:
    before = edits.with_match(edits.with_match(TWO, 1, 3), 2, 0)
    after = edits.swapped_prompts(before)
    assert (after.prompt, after.donor_prompt) == ("another", "p")
    assert after.matches == ((0, 2), (3, 1))
    assert after.plan == before.plan
    assert (before.clean_side, after.clean_side) == ("prompt", "donor")
    assert edits.swapped_prompts(after) == before


def test_that_the_direction_of_a_patch_is_told_in_words() -> None:
    assert patching_words(TWO) == "noising: the corrupted activation goes into the clean run"
    assert patching_words(edits.swapped_prompts(TWO)) == "denoising: the clean activation goes into the corrupted run"


def test_that_reference_prompts_are_each_once_not_empty_and_not_too_many() -> None:
    assert edits.with_references(session(), ["a", " ", "b", "a", ""]).references == ("a", "b")
    with pytest.raises(SurgeryError, match="501 reference prompts, but at most 500"):
        edits.with_references(session(), map(str, range(501)))


def test_that_a_donor_model_is_named_and_taken_away() -> None:
    named = edits.with_donor_model(session(), " specimen-gpt2 ")
    assert named.donor_model == "specimen-gpt2"
    assert edits.with_donor_model(named, "") == session()


@pytest.mark.parametrize("count", [1, 100])
def test_that_seeds_are_counted_from_1_to_100(count: int) -> None:
    assert edits.with_seeds(session(), count).seeds == count


@pytest.mark.parametrize("count", [0, -1, 101, 2.5])
def test_that_another_number_of_seeds_is_refused(count: Any) -> None:
    with pytest.raises(SurgeryError, match=f"seeds cannot be {count}") as caught:
        edits.with_seeds(session(), count)
    assert caught.value.hint == "Give a whole number from 1 up to 100."


def test_that_settings_of_a_continuation_are_changed_one_by_one() -> None:
    found = edits.with_generation(session(), length=7, temperature="0.5")
    found = edits.with_generation(found, hold="new", top_k=5, top_p=0.9, seed=3)
    assert found.generation == Generation(length=7, hold="new", temperature=0.5, top_k=5, top_p=0.9, seed=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("length", 0), ("length", 1001), ("hold", "maybe"), ("temperature", -0.1), ("temperature", float("nan")),
        ("temperature", float("inf")), ("top_k", -1), ("top_p", 0.0), ("top_p", 1.5), ("seed", -1), ("seed", 2**31),
    ],
)  # fmt: skip
def test_that_a_setting_that_makes_no_continuation_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SurgeryError, match=f"{name} cannot be"):
        edits.with_generation(session(), **{name: value})


def test_that_every_setting_has_the_bounds_and_default_it_starts_with() -> None:
    assert {name: parameter.default for name, parameter in GENERATION.items()} == asdict(Generation())
