"""Cuts: from clicks on the grid to plan, marks and numbers; the dose in hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from core.sites.site import parse_site
from gui.surgery.grid_model import CellMark
from gui.surgery.text_field import TokensField
from tests.gui.hands import LEFT, Hands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def mark(hands: Hands, site: str) -> CellMark | None:
    view = hands.window.grid.view
    assert view.scene.model is not None
    cell = view.scene.model.cell(parse_site(site))
    return None if cell is None else view.look.marks.get(cell)


def dose(hands: Hands, cut: int = 0) -> float:
    return float(dict(hands.session.plan[cut].params)["sigma"])


@pytest.mark.parametrize(
    ("operation", "written"), [("silence", "silence"), ("scale", "scale(k=0.5)"), ("noise", "noise(")]
)
def test_that_a_click_cuts_at_the_chosen_token_and_a_second_one_takes_it_off(
    hands: Hands, operation: str, written: str
) -> None:
    hands.click_token(3)
    hands.choose(operation)
    for site in ("L1H2.z", "L0.attn_out", "L2.mlp_out", "L1.block", "L0.resid_post", "embed"):
        cut_and_take_off(hands, site, written)


def cut_and_take_off(hands: Hands, site: str, written: str) -> None:
    operation = hands.session.brush.operation
    hands.click_cell(site)
    result = hands.wait_for_result()
    (cut,) = hands.cuts
    assert cut.startswith(f"{site}@3={written}")
    assert result.request.plan[0].positions == (3,)
    assert result.effect.changed
    assert hands.rows[0].startswith(f"{site} @ 3")
    made = mark(hands, site)
    assert made is not None
    assert (made.coverage, made.incision.operation) == ("exact", operation)
    assert 3 in hands.window.strip.canvas.look.incised
    hands.click_cell(site)
    result = hands.wait_for_result()
    assert hands.cuts == hands.rows == []
    assert mark(hands, site) is None
    assert not result.effect.changed


def test_that_a_stroke_over_cells_is_one_step_and_one_run_each_with_its_own_seed(hands: Hands, qtbot: QtBot) -> None:
    hands.choose("noise")
    hands.wait_until_quiet()
    count, steps = len(hands.results), hands.store.history.count()
    area = hands.window.grid.view.viewport()
    qtbot.mousePress(area, LEFT, pos=hands.cell("L1H0.z"))
    qtbot.mouseMove(area, hands.cell("L1H2.z"))
    qtbot.mouseRelease(area, LEFT, pos=hands.cell("L1H2.z"))
    hands.wait_until_quiet()
    assert [dict(cut.params)["seed"] for cut in hands.session.plan] == [0, 1, 2]
    assert hands.store.history.count() == steps + 1
    assert len(hands.results) == count + 1
    hands.action("Undo").trigger()
    assert hands.cuts == []


def test_that_cells_are_cut_with_keys_alone(hands: Hands, qtbot: QtBot) -> None:
    view = hands.window.grid.view
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    hands.wait_until_quiet()
    assert hands.cuts == ["L1H1.z@-1=silence"]
    qtbot.keyClick(view, Qt.Key.Key_Right, SHIFT)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert hands.cuts == ["L1H1.z@-1=silence", "L1H2.z@-1=silence"]
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert hands.cuts == []


def test_that_the_operation_is_chosen_with_keys_and_shown_in_the_menu(hands: Hands, qtbot: QtBot) -> None:
    qtbot.keyClick(hands.window, Qt.Key.Key_3, CONTROL)
    assert hands.session.brush.operation == "noise"
    assert hands.window.brush.buttons["noise"].isChecked()
    ticked = [name for name in hands.made.actions if name.startswith("Operation") and hands.action(name).isChecked()]
    assert ticked == ["Operation: Noise"]


def test_that_dragging_the_dose_changes_the_cut_just_made_and_is_one_step(hands: Hands) -> None:
    hands.choose("noise")
    hands.click_cell("L1H2.z")
    before = hands.wait_for_result()
    steps, first = hands.store.history.count(), dose(hands)
    hands.drag_dose(0.3, 0.5, 0.7, 0.9)
    after = hands.wait_for_result()
    assert dose(hands) > 3 > first
    assert dict(after.request.plan[0].params)["sigma"] == dose(hands)
    assert after.effect.kl != before.effect.kl
    assert hands.store.history.count() == steps + 1
    assert hands.action("Undo").text() == "Undo: Change sigma"
    hands.action("Undo").trigger()
    result = hands.wait_for_result()
    assert dose(hands) == first
    assert result.effect == before.effect


def test_that_two_drags_are_two_steps(hands: Hands) -> None:
    hands.choose("noise")
    hands.click_cell("L1H2.z")
    hands.drag_dose(0.3, 0.5)
    middle = dose(hands)
    hands.drag_dose(0.5, 0.9)
    hands.action("Undo").trigger()
    assert dose(hands) == middle


def test_that_with_no_cut_in_hand_the_dose_prepares_the_next_one(hands: Hands) -> None:
    hands.choose("noise")
    hands.click_cell("L1H2.z")
    hands.choose("silence")
    hands.choose("noise")
    hands.drag_dose(0.3, 0.9)
    assert dose(hands) == 1.0
    assert "fields" not in hands.window.plan.caption.text()
    hands.click_cell("L2H0.z")
    assert dose(hands, 1) > 3


def test_that_cuts_made_in_one_stroke_share_the_dose_and_keep_their_seeds_apart(hands: Hands, qtbot: QtBot) -> None:
    hands.choose("noise")
    area = hands.window.grid.view.viewport()
    qtbot.mousePress(area, LEFT, pos=hands.cell("L1H0.z"))
    qtbot.mouseRelease(area, LEFT, pos=hands.cell("L1H0.z"))
    view = hands.window.grid.view
    qtbot.mouseClick(area, LEFT, SHIFT, hands.cell("L1H2.z"))
    assert view.focus_cell == (2, 2)
    assert "2 incisions just made" in hands.window.plan.caption.text()
    hands.drag_dose(0.3, 0.9)
    assert dose(hands, 0) == 1.0
    assert dose(hands, 1) == dose(hands, 2) > 3
    hands.window.brush.fields["seed"].edited.emit("seed", 7, False)
    assert [dict(cut.params)["seed"] for cut in hands.session.plan] == [0, 7, 8]


def test_that_the_cut_in_hand_stays_the_same_when_another_is_taken_off(hands: Hands) -> None:
    hands.choose("noise")
    for site in ("L0H0.z", "L1H0.z", "L2H0.z"):
        hands.click_cell(site)
    hands.click_plan(1)
    hands.click_cell("L0H0.z")
    assert "L1H0.z" in hands.window.plan.caption.text()
    hands.drag_dose(0.3, 0.9)
    hands.wait_until_quiet()
    assert [cut.startswith("L1H0.z") for cut in hands.cuts] == [True, False]
    assert dose(hands, 0) > 3
    assert dose(hands, 1) == 1.0


def test_that_what_the_pointer_is_on_is_told_in_words(hands: Hands) -> None:
    hands.click_token(3)
    hands.choose("noise")
    said = hands.point_at("L1H2.z")
    for word in ("Layer 1, head 2", "L1H2.z", "Click: noise", "at 3 "):
        assert word in said
    hands.click_cell("L1H2.z")
    hands.wait_until_quiet()
    said = hands.point_at("L1H2.z")
    for word in ("Layer 1, head 2", "noise", "at 3 ", "Δ log p", "KL"):
        assert word in said
    hands.click_cell("L2H2.z")
    hands.wait_until_quiet()
    said = hands.point_at("L1H2.z")
    assert "alone: Δ log p" in said
    assert "both incisions together" in said


def test_that_a_cut_that_changes_nothing_says_so(hands: Hands) -> None:
    hands.choose("scale")
    hands.click_cell("L1H2.z")
    hands.wait_until_quiet()
    assert "as it was" not in hands.rows[0]
    hands.window.brush.fields["k"].edited.emit("k", 1.0, False)
    hands.wait_until_quiet()
    assert "left its activation as it was" in hands.rows[0]
    assert "no change in any hidden state" in hands.point_at("L1H2.z")


def test_that_a_click_without_a_chosen_token_says_what_to_do_until_one_is_chosen(hands: Hands) -> None:
    hands.click_token(8)
    hands.type_prompt("the cat")
    hands.click_cell("L1H2.z")
    assert hands.cuts == []
    assert hands.notices["cut"] == "No token is chosen. Click a token in the strip first, then the cell."
    hands.click_token(0)
    assert "cut" not in hands.notices


@pytest.mark.parametrize(
    ("point", "site"),
    [
        ("q", "L1H2.q"),
        ("k", "L1H2.k"),
        ("v", "L1H2.v"),
        ("attn_scores", "L1H2.attn_scores"),
        ("pattern", "L1H2.pattern"),
        ("mlp_pre", "L1.mlp_pre"),
        ("mlp_post", "L1.mlp_post"),
        ("resid_pre", "L1.resid_pre"),
        ("resid_mid", "L1.resid_mid"),
        ("resid_post", "logits"),
    ],
)
def test_that_every_hook_point_is_cut_with_one_click(hands: Hands, point: str, site: str) -> None:
    hands.choose_point(point)
    cut_and_take_off_at(hands, site)


def cut_and_take_off_at(hands: Hands, site: str) -> None:
    hands.click_cell(site)
    result = hands.wait_for_result()
    assert hands.cuts == [f"{site}@-1=silence"]
    assert result.effect.changed
    assert hands.rows[0].startswith(f"{site} @ ")
    hands.click_cell(site)
    assert hands.cuts == []


def test_that_one_neuron_is_cut(hands: Hands, qtbot: QtBot) -> None:
    hands.choose_point("mlp_post")
    neuron = hands.window.grid.picker.neuron
    neuron.setFocus()
    neuron.selectAll()
    qtbot.keyClicks(neuron, "7")
    qtbot.keyClick(neuron, Qt.Key.Key_Return)
    hands.click_cell("L1N7.mlp_post")
    assert str(hands.wait_for_result().request.plan[0].site) == "L1N7.mlp_post"


def test_that_an_operation_without_room_for_a_button_is_chosen_from_the_menu(hands: Hands) -> None:
    hands.window.resize(1280, 720)
    hands.qtbot.waitUntil(hands.window.brush.strip.more.isVisible)
    hands.choose("knockout")
    assert hands.session.brush.operation == "knockout"
    hands.click_cell("L1H2.pattern")
    assert hands.cuts == ["L1H2.pattern@-1=knockout(keys=0)"]


def test_that_a_click_where_the_operation_makes_no_sense_says_where_it_does(hands: Hands) -> None:
    hands.choose("skip")
    hands.click_cell("L1H2.z")
    assert hands.cuts == []
    assert "Skip makes no sense at z." in hands.notices["cut"]
    assert "Use it at attn_out, mlp_out, block." in hands.notices["cut"]
    hands.click_cell("L1.block")
    hands.wait_until_quiet()
    assert hands.cuts == ["L1.block@-1=skip"]
    assert "cut" not in hands.notices


def test_that_the_chosen_tokens_become_the_keys(hands: Hands) -> None:
    hands.choose("knockout")
    hands.click_token(1)
    field = hands.window.brush.fields["keys"]
    assert isinstance(field, TokensField)
    hands.click(field.take)
    hands.click_token(3)
    hands.click_cell("L1H2.pattern")
    assert hands.cuts == ["L1H2.pattern@3=knockout(keys=1)"]
    assert "knockout of keys 1" in hands.rows[0]


def test_that_noise_is_run_over_several_seeds(hands: Hands, qtbot: QtBot) -> None:
    hands.choose("noise")
    hands.click_cell("L1H2.z")
    hands.wait_until_quiet()
    box = hands.window.brush.seeds.box
    box.selectAll()
    qtbot.keyClicks(box, "3")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    result = hands.wait_for_result()
    assert (hands.session.seeds, result.repeats) == (3, 3)
    hands.action("Undo").trigger()
    assert hands.session.seeds == 1
    assert box.text() == "1 seed"


def test_that_a_cut_after_which_the_answer_is_the_same_says_so(hands: Hands) -> None:
    hands.click_token(0)
    hands.click_cell("L2.resid_post")
    result = hands.wait_for_result()
    assert (result.effect.changed, result.effect.output_changed) == (True, False)
    assert "did not change the answer" in hands.rows[0]
    assert "did not change the answer" in hands.point_at("L2.resid_post")


def test_that_a_row_tells_what_its_figures_depend_on(hands: Hands) -> None:
    prompts = ("the cat sat on the mat and taste", "butter", "Peanut butter and pineapple taste great on pizza")
    hands.store.edit(replace(hands.session, references=prompts), "References")
    hands.click_token(2)
    hands.choose("mean")
    hands.window.brush.fields["over"].edited.emit("over", "references", False)
    hands.click_cell("L1H2.z")
    result = hands.wait_for_result()
    assert result.remarks
    assert result.remarks[0].text in hands.rows[0]
