"""A masked model without a mask, an encoder without a head: what still works, and what is said."""

from __future__ import annotations

from tests.gui.hands import Hands


def pair(hands: Hands, a: int, b: int) -> None:
    hands.click(hands.window.strip.tools["pair"])
    hands.click_token(a)
    hands.click_token(b)
    hands.wait_until_quiet()


def reason(hands: Hands, panel: str) -> str:
    return str(hands.window.panels[panel].reason)  # type: ignore[attr-defined]


def test_that_a_masked_model_predicts_at_the_mask_and_names_it_in_the_strip(bert: Hands) -> None:
    assert bert.notices == {}
    position = bert.strip.index("[MASK]")
    assert bert.result.request.read_position == position
    assert bert.window.strip.canvas.look.read_position == position
    bert.click(bert.window.strip.picks["mask"])
    assert bert.window.strip.canvas.chosen == (position,)
    assert reason(bert, "predictions") == ""


def test_that_a_prompt_without_the_mask_says_what_to_do_and_similarities_go_on(bert: Hands) -> None:
    bert.type_prompt("the cat sat on the mat")
    assert bert.notices == {"prediction": "The prompt has no [MASK]. Put [MASK] where the model is to fill in a word."}
    for panel in ("log_prob_curve", "predictions"):
        assert "[MASK]" in reason(bert, panel)
    pair(bert, 1, 3)
    bert.click_token(2)
    bert.click_cell("L1H2.z")
    result = bert.wait_for_result()
    assert result.effect.changed
    assert reason(bert, "cosine_curve") == ""
    assert bert.window.strip.canvas.look.read_position is None
    bert.type_prompt("the cat sat on the [MASK]")
    assert bert.notices == {}
    assert reason(bert, "predictions") == ""


def test_that_an_encoder_says_why_its_panels_are_empty_and_is_cut_all_the_same(encoder: Hands) -> None:
    assert encoder.notices == {}
    for panel in ("log_prob_curve", "predictions"):
        assert "has no language-model head" in reason(encoder, panel)
    pair(encoder, 1, 3)
    encoder.click_token(2)
    encoder.click_cell("L1H2.z")
    result = encoder.wait_for_result()
    assert result.effect.changed
    assert reason(encoder, "cosine_curve") == ""
    assert "no prediction to compare" in encoder.point_at("L1H2.z")


def test_that_a_target_on_an_encoder_is_answered_with_a_notice(encoder: Hands) -> None:
    encoder.retype(encoder.window.header.target, " the")
    encoder.wait_until_quiet()
    assert encoder.notices["target"].startswith("This model has no language-model head")
