"""What stands beside a figure: what its numbers are means of, where they come from, and that nothing changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.interventions.notation import parse_cut
from core.interventions.ops import OPERATIONS
from core.interventions.plan import sorted_params
from core.runs.request import ResolvedIncision
from core.runs.result import Remark
from gui.widgets.figure_words import CORRUPTED, NOT_THE_ANSWER, NOTHING, figure_words, no_change_words
from tests.fixtures.made_results import repeated, result, tokens

if TYPE_CHECKING:
    from core.runs.result import RunResult


def operated(
    *cuts: str,
    remarks: tuple[Remark, ...] = (),
    changed: bool = True,
    answer: bool = True,
    unchanged: tuple[int, ...] = (),
) -> RunResult:
    """Return a result of these cuts."""
    plan = []
    for index, text in enumerate(cuts):
        cut = parse_cut(text)
        params = sorted_params(OPERATIONS[cut.operation].checked(dict(cut.params)))
        plan.append(ResolvedIncision(index, cut.site, (1,), cut.operation, params))
    made = result(3)
    effect = replace(made.effect, changed=changed, output_changed=answer)
    request = replace(made.request, plan=tuple(plan))
    return replace(made, request=request, remarks=remarks, effect=effect, unchanged=unchanged)


def test_that_what_needs_no_words_gets_none() -> None:
    assert figure_words(operated("L1H2.z@1=silence", "L0H0.z@1=scale(k=2)")) == ""


@pytest.mark.parametrize(("over", "words"), [("prompt", "mean of the other tokens"), ("scalar", "one number")])
def test_that_a_mean_says_over_what_it_is_taken(over: str, words: str) -> None:
    assert words in figure_words(operated(f"L1H2.z@1=mean(over={over})"))


def test_that_remarks_stand_with_their_incision() -> None:
    made = operated(
        "L1H2.z@1=mean(over=references)",
        "L2.resid_post@1=transplant(layer=2)",
        remarks=(Remark(0, "over 23 reference prompts"), Remark(1, "from specimen-bert, layer 2, procrustes: R² 0.93")),
    )
    assert figure_words(made).splitlines() == [
        "L1H2.z: mean over 23 reference prompts",
        "L2.resid_post: transplant from specimen-bert, layer 2, procrustes: R² 0.93",
    ]


def test_that_keys_that_are_knocked_out_have_their_texts() -> None:
    assert figure_words(operated("L1H2.pattern@1=knockout(keys=0)")) == "L1H2.pattern: knockout of keys 0 Pe"


def test_that_a_patch_says_from_which_token_it_comes_and_which_way_it_goes() -> None:
    made = operated("L1H2.z@1=patch")
    (patch,) = made.request.plan
    made = replace(
        made,
        request=replace(made.request, plan=(replace(patch, sources=(2,)),)),
        counterfactual=tokens("Al", "mond", " milk"),
    )
    assert figure_words(made) == "L1H2.z: patch from 2 ·milk (noising)"
    assert figure_words(made, "donor").splitlines() == [CORRUPTED, "L1H2.z: patch from 2 ·milk (denoising)"]


def test_that_without_a_patch_it_does_not_matter_which_prompt_is_the_clean_one() -> None:
    assert figure_words(operated("L1H2.z@1=silence"), "donor") == ""


def test_that_several_seeds_are_said_first() -> None:
    made = repeated(operated("L1H2.z@1=noise(sigma=2)", "L1H3.z@1=median"), repeats=12)
    assert figure_words(made).splitlines()[0] == "mean of 12 seeds, band: 95 % of them"


@pytest.mark.parametrize(
    ("changed", "answer", "words"), [(True, True, ""), (True, False, NOT_THE_ANSWER), (False, False, NOTHING)]
)
def test_that_a_plan_without_effect_is_named(changed: bool, answer: bool, words: str) -> None:
    unchanged = () if changed else (0,)
    assert no_change_words(operated("L1H2.z@1=silence", changed=changed, answer=answer, unchanged=unchanged)) == words


def test_that_logits_that_are_not_read_are_not_said_to_have_stayed() -> None:
    assert no_change_words(operated("logits@1=silence", changed=False, answer=False)) == NOT_THE_ANSWER


def test_that_without_incisions_nothing_is_said_of_no_change() -> None:
    assert no_change_words(operated(changed=False, answer=False)) == ""
