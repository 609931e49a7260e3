"""The plan list joined to the session: switching, moving, removing, taking in hand, undoing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt

from core.interventions.notation import parse_cut
from core.interventions.plan import Plan
from tests.gui.hands import LEFT, Hands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ALT = Qt.KeyboardModifier.AltModifier
CUTS = ("L0H0.z@1=silence", "L1.mlp_out@2=scale(k=0.5)", "L2H3.z@3=silence")


@pytest.fixture
def planned(hands: Hands) -> Hands:
    """The window with three cuts, and one result of all of them."""
    hands.store.edit(replace(hands.session, plan=Plan(tuple(parse_cut(cut) for cut in CUTS))), "Cut")
    hands.wait_until_quiet()
    hands.results.clear()
    hands.store.history.clear()
    return hands


def applied(hands: Hands) -> list[int]:
    """Return which cuts the last run applied."""
    return [each.index for each in hands.result.request.plan]


def test_that_a_cut_is_switched_off_and_on_with_the_mouse(planned: Hands) -> None:
    planned.click_plan(1, "check")
    planned.wait_until_quiet()
    assert planned.cuts[1].startswith("(")
    assert applied(planned) == [0, 2]
    assert "off" in planned.rows[1]
    planned.click_plan(1, "check")
    planned.wait_until_quiet()
    assert applied(planned) == [0, 1, 2]
    planned.action("Undo").trigger()
    assert planned.action("Redo").text() == "Redo: Switch an incision on"


def test_that_a_cut_is_removed_with_the_mouse_and_comes_back_by_undo(planned: Hands) -> None:
    planned.click_plan(0, "remove")
    planned.wait_until_quiet()
    assert planned.cuts == list(CUTS[1:])
    assert len(applied(planned)) == 2
    planned.action("Undo").trigger()
    planned.wait_until_quiet()
    assert planned.cuts == list(CUTS)
    assert len(applied(planned)) == 3


def test_that_a_cut_is_dragged_to_another_place(planned: Hands, qtbot: QtBot) -> None:
    area = planned.window.plan.view.viewport()
    start, end = planned.plan_place(0), planned.plan_place(2) + QPoint(0, 14)
    qtbot.mousePress(area, LEFT, pos=start)
    qtbot.mouseMove(area, start + QPoint(0, 20))
    qtbot.mouseMove(area, end)
    qtbot.mouseRelease(area, LEFT, pos=end)
    planned.wait_until_quiet()
    assert planned.cuts == [CUTS[1], CUTS[2], CUTS[0]]
    planned.action("Undo").trigger()
    assert planned.cuts == list(CUTS)


def test_that_a_result_does_not_take_a_row_out_of_the_dragging_hand(planned: Hands, qtbot: QtBot) -> None:
    area = planned.window.plan.view.viewport()
    start, end = planned.plan_place(0), planned.plan_place(2) + QPoint(0, 14)
    qtbot.mousePress(area, LEFT, pos=start)
    qtbot.mouseMove(area, start + QPoint(0, 20))
    planned.action("Run again").trigger()
    planned.wait_until_quiet()
    qtbot.mouseMove(area, end)
    qtbot.mouseRelease(area, LEFT, pos=end)
    assert planned.cuts == [CUTS[1], CUTS[2], CUTS[0]]


def test_that_cuts_are_reordered_switched_and_removed_with_keys_alone(planned: Hands, qtbot: QtBot) -> None:
    view = planned.window.plan.view
    view.setFocus()
    view.setCurrentIndex(view.model().index(0, 0))
    qtbot.keyClick(view, Qt.Key.Key_Down, ALT)
    assert planned.cuts == [CUTS[1], CUTS[0], CUTS[2]]
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert planned.cuts == [CUTS[1], f"({CUTS[0]})", CUTS[2]]
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert planned.cuts == [CUTS[1], CUTS[2]]


def test_that_the_selected_cut_is_in_hand_and_the_brush_becomes_its_operation(planned: Hands) -> None:
    planned.click_plan(1)
    assert planned.session.brush.operation == "scale"
    assert "L1.mlp_out @ 2" in planned.window.plan.caption.text()
    planned.drag_dose(0.3, 0.9)
    planned.wait_until_quiet()
    assert float(dict(planned.session.plan[1].params)["k"]) > 1.5
    assert planned.cuts[0] == CUTS[0]
    planned.click_plan(2)
    assert planned.session.brush.operation == "silence"


def test_that_a_moved_cut_stays_in_hand(planned: Hands, qtbot: QtBot) -> None:
    planned.click_plan(1)
    qtbot.keyClick(planned.window.plan.view, Qt.Key.Key_Up, ALT)
    planned.drag_dose(0.3, 0.9)
    assert float(dict(planned.session.plan[0].params)["k"]) > 1.5
    planned.action("Undo").trigger()
    planned.action("Undo").trigger()
    assert planned.cuts == list(CUTS)
    assert "L1.mlp_out" in planned.window.plan.caption.text()
    assert planned.window.plan.view.selected == 1


def test_that_all_cuts_are_switched_off_on_and_cleared(planned: Hands) -> None:
    buttons = planned.window.plan
    planned.click(buttons.switch_button)
    planned.wait_until_quiet()
    assert applied(planned) == []
    assert not planned.result.effect.changed
    assert not planned.action("Switch all incisions off").isEnabled()
    assert planned.action("Switch all incisions on").isEnabled()
    planned.click(buttons.switch_button)
    planned.wait_until_quiet()
    assert applied(planned) == [0, 1, 2]
    planned.click(buttons.clear_button)
    assert planned.cuts == []
    assert not planned.action("Clear all incisions").isEnabled()
    for _ in range(3):
        planned.action("Undo").trigger()
    assert planned.cuts == list(CUTS)


def test_that_another_prompt_keeps_the_cuts_and_says_which_one_does_not_fit(planned: Hands) -> None:
    planned.type_prompt("the")
    assert planned.cuts == list(CUTS)
    count = len(planned.strip)
    lost = [index for index, cut in enumerate((1, 2, 3)) if cut >= count]
    assert lost
    for index, row in enumerate(planned.rows):
        assert (f"There is no token {index + 1}" in row) == (index in lost)
    assert "not applied: There is no token" in planned.notices["incision"]
    assert applied(planned) == [index for index in range(3) if index not in lost]
    planned.type_prompt("the cat sat on the mat")
    assert planned.notices == {}
    assert applied(planned) == [0, 1, 2]
    assert not any("There is no token" in row for row in planned.rows)


@pytest.mark.parametrize(("cut", "missing"), [("L7H0.z@1=silence", "layer 7"), ("L0H9.z@1=silence", "head 9")])
def test_that_a_cut_where_the_model_has_nothing_is_kept_and_named(planned: Hands, cut: str, missing: str) -> None:
    planned.store.edit(replace(planned.session, plan=Plan((parse_cut(cut),))), "Cut")
    planned.wait_until_quiet()
    assert planned.notices["incision"].startswith(f"One incision is not applied: There is no {missing}")
    assert f"There is no {missing}" in planned.rows[0]
    planned.click_plan(0, "check")
    planned.wait_until_quiet()
    assert planned.notices == {}
