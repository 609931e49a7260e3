"""What a newcomer finds suits the model that is open."""

from __future__ import annotations

from dataclasses import replace

from core.sessions.first import PROMPTS, first_session, suited
from core.sites.selection import MASK, at
from tests.fixtures.made_results import model_info

MASKED, CAUSAL = model_info(objective="masked"), model_info(objective="causal")


def test_that_the_first_prompt_gets_a_mask_for_a_masked_model_and_loses_it_again() -> None:
    masked = suited(first_session(), MASKED)
    assert masked.prompt == PROMPTS["masked"]
    assert masked.chosen == MASK
    assert suited(masked, CAUSAL) == first_session()


def test_that_a_prompt_somebody_wrote_is_kept() -> None:
    own = replace(first_session(), prompt="My own words")
    assert suited(own, MASKED).prompt == "My own words"


def test_that_tokens_somebody_chose_are_kept() -> None:
    assert suited(replace(first_session(), chosen=at(2)), MASKED).chosen == at(2)


def test_that_no_mask_is_chosen_in_a_prompt_without_one() -> None:
    assert suited(replace(first_session(), prompt="My own words"), MASKED).chosen == at(-1)
