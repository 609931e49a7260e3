"""One incision at a time: where what it puts in comes from, and why some cannot be made."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import SurgeryError
from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from core.runs.events import Note
from core.runs.request import ResolvedIncision, RunRequest, Transplant
from core.sessions.checks import NO_HEAD, check_site
from core.sessions.other_texts import OtherTexts
from core.sessions.resolve import resolve
from core.sessions.resolve_incision import resolve_incision
from core.sessions.session import Session
from core.sites.site import parse_site
from core.text.alignment import align
from tests.fixtures.made_sessions import WORDS, info, made_tokens, masked, token_id

TOKENS = made_tokens()
SAME = made_tokens(*WORDS[:-1], " bread")
LONGER = made_tokens(*WORDS[:4], " nut", *WORDS[4:])
TRANSPLANT = Transplant("donor@1", (5, 6, 7), (((1, 2), (3, 4), ((0, 0),)),))


def donor(tokens: Any, *matches: tuple[int, int]) -> OtherTexts:
    return OtherTexts(donor=tokens, alignment=align(TOKENS, tokens, matches))


def resolved(cut: str, others: OtherTexts, **facts: Any) -> ResolvedIncision:
    return resolve_incision(0, parse_cut(cut), TOKENS, info(**facts), token_id, others)


def refused(cut: str, others: OtherTexts | None = None, **facts: Any) -> str:
    with pytest.raises(SurgeryError) as caught:
        resolved(cut, others or OtherTexts(), **facts)
    return str(caught.value)


def request(*cuts: str, others: OtherTexts, **changes: Any) -> RunRequest:
    session = Session(model="small", prompt="", plan=Plan(tuple(map(parse_cut, cuts))), **changes)
    found, notes = resolve(session, "identity", TOKENS, info(), token_id, others)
    assert notes == ()
    return found


def test_that_a_patch_takes_each_token_from_its_counterpart() -> None:
    assert resolved("L1H2.z@3,-1=patch", donor(SAME)).sources == (3, 8)
    assert resolved("L1H2.z@0,-2=patch", OtherTexts(donor=LONGER, alignment=(0, 1, 2, 3, 5, 6, 7, 8, 9))).sources == (
        0,
        8,
    )
    assert resolved("L1H2.z@0,4=patch", donor(SAME, (4, 2))).sources == (0, 2)


def test_that_a_token_without_a_counterpart_says_which_it_is() -> None:
    lonely = OtherTexts(donor=LONGER, alignment=(0, 1, 2, None, None, 6, 7, 8, 9))
    assert refused("L0.resid_pre@4=patch", lonely) == (
        "Token 4 'apple' has no counterpart in the counterfactual prompt. "
        "Match it with a token there, or use prompts of the same length."
    )
    assert refused("L0.resid_pre=patch", lonely).startswith("2 tokens, the first of them 3 ' pine', have no")


@pytest.mark.parametrize("point", ["pattern", "attn_scores"])
def test_that_rows_of_attention_come_from_a_prompt_of_the_same_length_and_the_same_place(point: str) -> None:
    assert resolved(f"L1H2.{point}@3=patch", donor(SAME)).sources == (3,)
    assert refused(f"L1H2.{point}@0=patch", donor(LONGER)) == (
        "A row of attention has one entry for each token, but the counterfactual prompt has 10 tokens and the "
        "prompt 9. Use prompts of the same length, or patch z instead."
    )
    assert "cannot go to another position" in refused(f"L1H2.{point}@3=patch", donor(SAME, (3, 5)))


@pytest.mark.parametrize(
    ("cut", "what"),
    [
        ("L0.resid_pre@1=patch", "Patch needs a counterfactual prompt."),
        ("L0.resid_pre@1=resample", "Resample needs reference prompts."),
        ("L0.resid_pre@1=mean(over=references)", "Mean needs reference prompts."),
        ("L0.resid_pre@1=median(over=references)", "Median needs reference prompts."),
        ("L0.resid_pre@1=transplant", "Transplant needs a donor model."),
        ("L0.resid_pre@1=project_out(v=donor)", "Project out needs a counterfactual prompt."),
    ],
)
def test_that_what_is_missing_is_named_with_how_to_give_it(cut: str, what: str) -> None:
    said = refused(cut)
    assert said.startswith(what)
    assert said.endswith("below the prompt.")


def test_that_what_is_given_but_of_no_use_says_why() -> None:
    broken = OtherTexts(problems={"donor": SurgeryError("The counterfactual prompt is too long.", "Shorten it.")})
    assert refused("L0.resid_pre=patch", broken) == "The counterfactual prompt is too long. Shorten it."
    assert resolved("L0.resid_pre=silence", broken).sources == ()


def test_that_a_problem_of_the_counterfactual_prompt_is_noted_without_a_patch_too() -> None:
    broken = OtherTexts(problems={"donor": SurgeryError("It is too long.", "Shorten it.")})
    session = Session(model="small", prompt="", plan=Plan((parse_cut("embed@0=silence"), parse_cut("embed=patch"))))
    found, notes = resolve(session, "identity", TOKENS, info(), token_id, broken)
    assert [cut.index for cut in found.plan] == [0]
    assert notes == (
        Note("donor", None, "It is too long.", "Shorten it."), Note("incision", 1, "It is too long.", "Shorten it."),
    )  # fmt: skip


@pytest.mark.parametrize("operation", ["mean", "median"])
def test_that_an_average_of_the_other_tokens_needs_others(operation: str) -> None:
    assert refused(f"L0.mlp_out={operation}") == (
        "All tokens are chosen: there are no others to average over. "
        "Choose fewer tokens, or average over reference prompts."
    )
    assert resolved(f"L0.mlp_out@0-7={operation}", OtherTexts()).positions == tuple(range(8))
    assert resolved(f"L0.mlp_out={operation}(over=scalar)", OtherTexts()).positions == tuple(range(9))


def test_that_some_reference_prompt_reaches_every_chosen_token() -> None:
    few = OtherTexts(references=((1, 2), (1, 2, 3, 4)))
    assert resolved("L0.mlp_out@1,3=resample", few).positions == (1, 3)
    assert refused("L0.mlp_out@1,4=mean(over=references)", few) == (
        "No reference prompt is long enough for token 4: the longest has 4 tokens. "
        "Choose an earlier token, or give longer reference prompts."
    )


def test_that_keys_are_found_like_any_tokens() -> None:
    found = resolved('L1H2.pattern@5=knockout(keys="pineapple")', OtherTexts())
    assert (found.positions, found.keys) == ((5,), (4,))
    assert resolved("L1H2.pattern=knockout(keys=2-3)", OtherTexts()).keys == (2, 3)
    assert refused("L1H2.pattern=knockout(keys=9)").startswith("There is no token 9: the prompt has 9 tokens.")


def test_that_a_transplant_comes_from_tokens_that_end_at_the_same_character() -> None:
    others = OtherTexts(
        transplant=TRANSPLANT, donor_model=info(name="large"), ends=(0, 1, 2, None, 3, None, 4, 5, 6)
    )  # fmt: skip
    assert resolved("L0.resid_pre@4,-1=transplant", others).sources == (3, 6)
    assert refused("L0.resid_pre@3=transplant", others) == (
        "Token 3 ' pine' does not end where a token of large ends. "
        "Choose tokens that are the same in both models, such as whole words."
    )
    assert refused("L0.resid_pre@3,5=transplant", others).startswith("2 tokens, the first of them 3 ' pine', do not")


def test_that_a_direction_of_tokens_needs_them_and_an_unembedding() -> None:
    assert resolved('L0.resid_post=project_out(v=" pizza"-" great")', OtherTexts()).operation == "project_out"
    assert refused('L0.resid_post=project_out(v=" tomato")').startswith("' tomato' is 2 tokens")
    assert refused('L0.resid_post=project_out(v=" pizza")', has_head=False).startswith(NO_HEAD)
    assert resolved("L0.resid_post=project_out(v=pca2)", OtherTexts(), has_head=False).operation == "project_out"


def test_that_a_direction_does_without_reference_prompts_but_not_with_broken_ones() -> None:
    assert resolved("L0.resid_post=project_out(v=pca1)", OtherTexts()).operation == "project_out"
    broken = OtherTexts(problems={"references": SurgeryError("Reference prompt 2 is too long.", "Shorten it.")})
    assert refused("L0.resid_post=project_out(v=pca1)", broken).startswith("Reference prompt 2")


def test_that_a_receiver_is_kept_and_has_to_be_there() -> None:
    assert resolved("L1H2.z@4=silence->L2H1.q", OtherTexts()).receiver == parse_site("L2H1.q")
    assert resolved("L1H2.z@4=silence->logits", OtherTexts()).receiver == parse_site("logits")
    assert refused("L1H2.z@4=silence->L3H1.q").startswith("There is no layer 3")
    assert refused("L1H2.z@4=silence->L2H4.q").startswith("There is no head 4")
    assert refused("L1H2.z@4=silence->logits", has_head=False).startswith(NO_HEAD)


@pytest.mark.parametrize(
    ("site", "facts", "message"),
    [
        ("L0H4.q", {}, "There is no head 4: small has 4 heads in a layer. Choose a head from 0 to 3."),
        (
            "L0H2.k",
            {"n_key_value_heads": 2},
            "There is no key head 2: with grouped-query attention the 4 heads of small share 2 key-value heads in a "
            "layer. Choose a head from 0 to 1.",
        ),
        ("L0H1.v", {"n_key_value_heads": 1}, "share 1 key-value head in a layer. Choose head 0."),
        ("L0N128.mlp_post", {"d_mlp": 128}, "There is no neuron 128: small has 128 neurons in a layer."),
        ("logits", {"has_head": False}, NO_HEAD),
        (
            "L0.resid_mid",
            {"unreachable": (("resid_mid", "Attention and MLP read the same residual."),)},
            "Attention and MLP read the same residual. small offers no resid_mid: choose another hook point.",
        ),
    ],
)
def test_that_a_site_that_a_model_has_not_says_why(site: str, facts: dict[str, Any], message: str) -> None:
    with pytest.raises(SurgeryError) as caught:
        check_site(parse_site(site), info(**facts))
    assert message in str(caught.value)


@pytest.mark.parametrize("site", ["L2H3.q", "L0H1.k", "L0H3.pattern", "L0N127.mlp_pre", "L0.v", "logits", "embed"])
def test_that_a_site_that_a_model_has_is_fine(site: str) -> None:
    check_site(parse_site(site), info(n_key_value_heads=2, d_mlp=128))
    check_site(parse_site(site), masked(d_mlp=128))


ALL_TEXTS = OtherTexts(
    donor=SAME, alignment=align(TOKENS, SAME), references=((1,) * 9, (2,) * 9), transplant=TRANSPLANT, ends=tuple(range(9))
)  # fmt: skip


def test_that_a_request_holds_the_other_texts_that_its_plan_needs_and_no_others() -> None:
    def taken(*cuts: str) -> tuple[bool, bool, bool]:
        found = request(*cuts, others=ALL_TEXTS)
        return (bool(found.donor), bool(found.references), found.transplant is not None)

    assert taken("embed=silence") == (False, False, False)
    assert taken("embed=patch") == (True, False, False)
    assert taken("embed=resample", "embed=silence") == (False, True, False)
    assert taken("embed=transplant") == (False, False, True)
    assert taken("embed=patch", "embed=mean(over=references)", "embed=transplant") == (True, True, True)
    assert taken("embed=project_out(v=donor)") == (True, False, False)
    assert taken("embed=project_out(v=pca1)") == (False, True, False)
    assert request("embed=patch", others=ALL_TEXTS).donor == SAME.ids


def test_that_two_sessions_that_differ_in_what_no_cut_takes_ask_for_the_same_run() -> None:
    assert request("embed=silence", others=donor(SAME)) == request("embed=silence", others=donor(LONGER, (1, 2)))


def test_that_only_a_plan_with_a_random_operation_is_repeated() -> None:
    assert request("embed=noise", "embed=silence", others=ALL_TEXTS, seeds=7).repeats == 7
    assert request("embed=resample", others=ALL_TEXTS, seeds=7).repeats == 7
    assert request("embed=silence", others=ALL_TEXTS, seeds=7).repeats == 1
    assert request(others=ALL_TEXTS, seeds=7).repeats == 1
