"""Counterfactual prompt, matches, reference prompts and donor model: from mouse and keys to the numbers and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from core.sessions.edits import with_brush_param
from core.text.prompt_sets import prompt_sets
from gui.dialogs.reference_prompts import ReferencePrompts
from gui.run_controller import moved_to
from gui.widgets.figure_words import CORRUPTED
from tests.fixtures.tiny_models import TinyModel
from tests.gui.conftest import Opener
from tests.gui.hands import LEFT, Hands

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from pytestqt.qtbot import QtBot

    from gui.surgery.counterfactual_bar import CounterfactualBar

CAT, DOG, SAID = "The cat sat on the mat", "The dog sat on the mat", "The cat said on the mat"


@pytest.fixture
def cat(open_window: Opener, tiny_gpt2: TinyModel) -> Hands:
    """The window with a prompt of seven tokens."""
    return open_window("--model", str(tiny_gpt2.folder), "--prompt", CAT)


@pytest.fixture
def dog(open_window: Opener, tiny_gpt2: TinyModel) -> Hands:
    """The same with a counterfactual prompt of eight, and a patch at the token that has no counterpart."""
    return open_window(
        "--model", str(tiny_gpt2.folder), "--prompt", CAT, "--donor-prompt", DOG, "--cut", "L1.resid_post@1=patch"
    )


def bar(hands: Hands) -> CounterfactualBar:
    return hands.window.counterfactual


def partners(hands: Hands) -> tuple[int | None, ...]:
    donor = hands.window.strip.canvas.look.donor
    return () if donor is None else donor.partners


def matches(hands: Hands) -> tuple[tuple[int, int], ...]:
    return hands.session.matches


def chip(hands: Hands, position: int) -> QPoint:
    """Return the middle of a chip of the second row."""
    canvas = hands.window.strip.canvas
    return canvas.cell_source().rect(len(canvas.look.faces) + position).center()


def type_counterfactual(hands: Hands, text: str) -> None:
    if not bar(hands).part.isVisible():
        hands.click(bar(hands).opener)
    hands.retype(bar(hands).field, text)
    hands.wait_until_quiet()


def test_that_without_a_counterfactual_prompt_there_is_only_a_button_for_one(cat: Hands) -> None:
    assert bar(cat).isHidden()
    assert bar(cat).opener.isVisible()
    assert partners(cat) == ()
    assert cat.window.strip.tools["match"].isHidden()


def test_that_the_button_opens_a_field_and_what_is_typed_there_stands_below_the_tokens(cat: Hands) -> None:
    cat.click(bar(cat).opener)
    assert bar(cat).field.hasFocus()
    assert bar(cat).opener.isHidden()
    height = cat.window.strip.height()
    type_counterfactual(cat, SAID)
    assert cat.session.donor_prompt == SAID
    donor = cat.window.strip.canvas.look.donor
    assert donor is not None
    assert [face.text for face in donor.faces] == ["The", "·cat", "·said", "·on", "·the", "·m", "at"]
    assert partners(cat) == (0, 1, 2, 3, 4, 5, 6)
    assert donor.differing == {2}
    cat.qtbot.waitUntil(lambda: cat.window.strip.height() > height)
    assert cat.window.strip.canvas.look.slots == donor.slots


def test_that_taking_it_away_leaves_no_trace_and_undo_brings_it_back(cat: Hands) -> None:
    height = cat.window.strip.height()
    type_counterfactual(cat, DOG)
    cat.click(bar(cat).clear)
    cat.wait_until_quiet()
    assert cat.session.donor_prompt == ""
    assert bar(cat).isHidden()
    assert partners(cat) == ()
    cat.qtbot.waitUntil(lambda: cat.window.strip.height() == height)
    cat.action("Undo").trigger()
    cat.wait_until_quiet()
    assert bar(cat).field.text() == cat.session.donor_prompt == DOG
    assert partners(cat)[:2] == (0, None)


def test_that_the_field_comes_by_itself_where_a_patch_is_about_to_be_made(cat: Hands) -> None:
    cat.action("Operation: Patch").trigger()
    assert bar(cat).part.isVisible()
    assert "patches take from it" in bar(cat).field.placeholderText()
    assert not bar(cat).clear.isEnabled()
    cat.action("Operation: Silence").trigger()
    assert bar(cat).isHidden()


def test_that_the_arrows_swap_the_prompts_and_what_was_clean_stays_clean(cat: Hands) -> None:
    type_counterfactual(cat, DOG)
    assert bar(cat).sides["prompt"].isChecked()
    assert bar(cat).words.text() == "corrupted into clean"
    cat.click(bar(cat).swap)
    cat.wait_until_quiet()
    assert (cat.session.prompt, cat.session.donor_prompt) == (DOG, CAT)
    assert (cat.window.header.prompt.text(), bar(cat).field.text()) == (DOG, CAT)
    assert bar(cat).sides["donor"].isChecked()
    assert bar(cat).words.text() == "clean into corrupted"
    assert "denoising" in bar(cat).words.toolTip()
    assert len(partners(cat)) == 8
    cat.action("Undo").trigger()
    assert (cat.session.prompt, cat.session.donor_prompt, cat.session.clean_side) == (CAT, DOG, "prompt")


def test_that_naming_the_direction_runs_nothing_and_can_be_undone(cat: Hands) -> None:
    type_counterfactual(cat, DOG)
    before = len(cat.results)
    cat.click(bar(cat).sides["donor"])
    cat.wait_until_quiet()
    assert cat.session.clean_side == "donor"
    assert len(cat.results) == before
    cat.action("Undo").trigger()
    assert bar(cat).sides["prompt"].isChecked()


def test_that_an_incision_at_a_token_without_counterpart_says_so_until_it_is_matched(dog: Hands) -> None:
    assert partners(dog) == (0, None, 3, 4, 5, 6, 7)
    assert "no counterpart" in dog.notices["incision"]
    assert dog.window.strip.caption.text().startswith("1 of 7 tokens has no counterpart")
    assert list(dog.result.request.plan) == []
    dog.click(dog.window.strip.tools["match"])
    dog.click_token(1)
    assert dog.window.strip.ask.text() == "now click its counterpart"
    dog.click(dog.window.strip.canvas, chip(dog, 2))
    dog.wait_until_quiet()
    assert matches(dog) == ((1, 2),)
    assert partners(dog)[1] == 2
    assert "incision" not in dog.notices
    assert dog.result.request.plan[0].sources == (2,)
    assert dog.result.effect.changed


def test_that_the_same_two_again_part_and_undo_matches_them_again(dog: Hands) -> None:
    for there in (1, 2, 2):
        dog.click(dog.window.strip.canvas, chip(dog, there))
        assert dog.window.strip.canvas.tool == "match"
        dog.click_token(1)
        dog.wait_until_quiet()
    assert matches(dog) == ()
    assert partners(dog)[1] is None
    dog.action("Undo").trigger()
    dog.wait_until_quiet()
    assert partners(dog)[1] == 2
    dog.action("Undo").trigger()
    assert matches(dog) == ((1, 1),)


def test_that_a_match_can_be_dragged(dog: Hands, qtbot: QtBot) -> None:
    canvas, chosen = dog.window.strip.canvas, dog.session.chosen
    qtbot.mousePress(canvas, LEFT, pos=chip(dog, 2))
    qtbot.mouseMove(canvas, canvas.cell_source().rect(1).center())
    qtbot.mouseRelease(canvas, LEFT, pos=canvas.cell_source().rect(1).center())
    assert matches(dog) == ((1, 2),)
    assert dog.session.chosen == chosen
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool == "cut"


def test_that_a_thread_follows_the_mouse_until_the_counterpart_is_found(dog: Hands, qtbot: QtBot) -> None:
    canvas = dog.window.strip.canvas
    donor = canvas.look.donor
    assert donor is not None
    dog.click(canvas, chip(dog, 1))
    before = canvas.grab().toImage()
    qtbot.mouseMove(canvas, canvas.cell_source().rect(4).center())
    assert donor.pointer is not None
    assert canvas.grab().toImage() != before
    dog.click_token(1)
    assert donor.pointer is None
    qtbot.mouseMove(canvas, chip(dog, 5))
    assert donor.pointer is None


def test_that_a_match_needs_no_mouse(dog: Hands, qtbot: QtBot) -> None:
    canvas = dog.window.strip.canvas
    canvas.setFocus()
    keys = (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_M, Qt.Key.Key_Space, Qt.Key.Key_Down)
    for key in (*keys, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(canvas, key)
    assert matches(dog) == ((1, 2),)
    dog.wait_until_quiet()
    chosen = dog.session.chosen
    for key in (Qt.Key.Key_Escape, Qt.Key.Key_Up, Qt.Key.Key_Home):
        qtbot.keyClick(canvas, key)
    assert (canvas.tool, canvas.focus_index, dog.session.chosen) == ("cut", 0, chosen)


def test_that_a_screen_reader_hears_both_rows(dog: Hands) -> None:
    cells = dog.window.strip.canvas.cell_source()
    assert cells.count() == 15
    assert cells.name(1).endswith("no counterpart")
    assert cells.name(7 + 3) == "counterfactual token 3 ' sat', counterpart of token 2"
    assert cells.name(7 + 1) == "counterfactual token 1 ' do', no counterpart"
    assert "take Match" in dog.window.strip.canvas.explain(1)
    assert not cells.checked(7 + 1)


def test_that_another_prompt_takes_the_matches_with_it(dog: Hands) -> None:
    dog.click(dog.window.strip.canvas, chip(dog, 2))
    dog.click_token(1)
    dog.wait_until_quiet()
    dog.type_prompt("The mat")
    assert matches(dog) == ()
    assert len(partners(dog)) == 3


def test_that_clicking_a_token_above_still_chooses_it(dog: Hands) -> None:
    dog.click_token(3)
    assert str(dog.session.chosen) == "3"
    assert matches(dog) == ()


def test_that_a_counterfactual_prompt_that_cannot_be_split_is_refused_in_words(cat: Hands) -> None:
    type_counterfactual(cat, SAID)
    type_counterfactual(cat, "the cat sat on the mat " * 20)
    assert "The counterfactual prompt" in cat.notices["donor"]
    assert partners(cat) == ()
    type_counterfactual(cat, SAID)
    assert "donor" not in cat.notices
    assert partners(cat) == (0, 1, 2, 3, 4, 5, 6)


def test_that_another_model_takes_the_matches_with_it(dog: Hands) -> None:
    dog.click(dog.window.strip.canvas, chip(dog, 2))
    dog.click_token(1)
    assert moved_to(dog.session, "another").matches == ()
    assert moved_to(dog.session, "another").donor_prompt == DOG


def test_that_a_direction_between_the_prompts_asks_for_the_other_one(cat: Hands) -> None:
    cat.action("Operation: Project out").trigger()
    shown = bar(cat).part.isVisible()
    cat.made.store.edit(with_brush_param(cat.session, "v", "donor"), "Another direction")
    assert (shown, bar(cat).part.isVisible()) == (False, True)
    cat.made.store.edit(with_brush_param(cat.session, "v", "pca1"), "Another direction")
    assert (bar(cat).part.isVisible(), bar(cat).references.isVisible()) == (False, True)


def answer(hands: Hands, press: str, button: QDialogButtonBox.StandardButton) -> list[str]:
    """Let the next dialog of reference prompts be filled by a button and closed by another; return what it said."""
    said: list[str] = []

    def use() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ReferencePrompts)
        hands.click(dialog.buttons[press])
        said.append(dialog.count.text())
        hands.click(dialog.box.button(button))

    QTimer.singleShot(0, use)
    return said


def test_that_reference_prompts_are_asked_for_where_a_mean_takes_them(cat: Hands) -> None:
    assert bar(cat).references.isHidden()
    cat.action("Operation: Resample").trigger()
    assert bar(cat).references.text() == "Choose reference prompts …"
    said = answer(cat, "everyday", QDialogButtonBox.StandardButton.Ok)
    cat.click(bar(cat).references)
    shipped = prompt_sets()["everyday"].prompts
    assert said[0].startswith(f"{len(shipped)} prompts of ")
    assert cat.session.references == shipped
    assert bar(cat).references.text() == f"reference prompts: {len(shipped)} (everyday)"
    cat.action("Operation: Silence").trigger()
    assert bar(cat).references.isVisible()
    for _ in range(2):
        cat.action("Undo").trigger()
    assert cat.session.references == ()


def test_that_giving_up_the_dialog_changes_nothing(cat: Hands) -> None:
    answer(cat, "everyday", QDialogButtonBox.StandardButton.Cancel)
    cat.action("Reference prompts …").trigger()
    assert cat.session.references == ()


def test_that_a_transplant_asks_for_a_donor_model_and_its_fit_stands_beside_the_figures(
    open_window: Opener, tiny_gpt2: TinyModel
) -> None:
    name = str(tiny_gpt2.folder)
    cat = open_window("--model", name, "--prompt", CAT, "--pair", "1|3", "--cut", "L0.resid_post@1=transplant(layer=1)")
    donor = bar(cat).donor
    assert donor.text() == "Choose a donor model"
    assert "needs a donor model" in cat.notices["incision"]
    bar(cat).donorModelsWanted.emit()
    offered = [action.text() for action in donor.menu().actions()]
    assert offered[0] == "no donor"
    assert any(text.startswith("specimen-gpt2") for text in offered)
    bar(cat).donorModelChosen.emit(name)
    cat.wait_until_quiet()
    assert cat.session.donor_model == name
    assert donor.text() == f"donor: {tiny_gpt2.folder.name}"
    assert "incision" not in cat.notices
    words = f"L0.resid_post: transplant {cat.result.remarks[0].text}"
    for key in ("cosine_curve", "log_prob_curve", "predictions"):
        caption = cat.window.panels[key].caption  # type: ignore[attr-defined]
        assert words in caption.text
        assert caption.isVisible()


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        ("L1H2.z@1=scale(k=1)", "nothing changed"),
        ("L2.resid_post@0=silence", "the incisions changed activations but not the answer"),
        ("L0.resid_post@0=silence", ""),
    ],
)
def test_that_a_plan_without_effect_is_named_beside_the_figures(
    open_window: Opener, tiny_gpt2: TinyModel, cut: str, words: str
) -> None:
    hands = open_window("--model", str(tiny_gpt2.folder), "--prompt", CAT, "--pair", "1|3", "--cut", cut)
    for key in ("cosine_curve", "log_prob_curve", "predictions"):
        assert hands.window.panels[key].caption.text == words  # type: ignore[attr-defined]


def test_that_a_patch_says_beside_the_figures_and_in_the_plan_where_it_comes_from(
    open_window: Opener, tiny_gpt2: TinyModel
) -> None:
    options = ("--donor-prompt", SAID, "--cut", "L1.resid_post@2=patch")
    hands = open_window("--model", str(tiny_gpt2.folder), "--prompt", CAT, "--pair", "1|3", *options)
    panels = [hands.window.panels[key] for key in ("cosine_curve", "log_prob_curve", "predictions")]

    def told() -> list[str]:
        return [panel.caption.text for panel in panels]  # type: ignore[attr-defined]

    assert told() == ["L1.resid_post: patch from 2 ·said (noising)"] * 3
    assert hands.window.plan.view.rows[0].doing == "patch from 2 ·said (noising)"
    hands.click(bar(hands).sides["donor"])
    assert told() == [f"{CORRUPTED} · L1.resid_post: patch from 2 ·said (denoising)"] * 3
    assert hands.window.plan.view.rows[0].doing == "patch from 2 ·said (denoising)"


def test_that_a_noise_over_several_seeds_is_drawn_with_its_band(open_window: Opener, tiny_gpt2: TinyModel) -> None:
    options = ("--cut", "L1.resid_post@1=noise(sigma=2)", "--seeds", "5", "--pair", "1|3")
    hands = open_window("--model", str(tiny_gpt2.folder), "--prompt", CAT, *options)
    panel = hands.window.panels["cosine_curve"]
    assert panel.caption.text == "mean of 5 seeds, band: 95 % of them"  # type: ignore[attr-defined]
    assert hands.window.plan.view.rows[0].doing == "noise σ=2 seeds 0–4"
    assert panel.readout.rows[0].band  # type: ignore[attr-defined]
    low, high = hands.result.operated.curves["cosine"].low, hands.result.operated.curves["cosine"].high
    assert low is not None and high is not None
    assert (high - low)[0, -1] > 0
