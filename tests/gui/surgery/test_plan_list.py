"""The plan list turns clicks, drags and keys into wishes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QAbstractSlider, QApplication, QMenu

from core.interventions.notation import parse_cut
from core.sites.site import parse_site
from gui.surgery.plan_delegate import PlanDelegate
from gui.surgery.plan_list import PlanList
from gui.surgery.plan_model import IN_HAND
from gui.surgery.plan_row import UNCHANGED, PlanRow, landing, plan_row, plan_summary, row_words
from tests.gui.surgery.prompts import PIECES, prompt

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.theme.theme import Theme

LEFT, ALT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
TOKENS = prompt(*PIECES)
SIGNALS = ("enabledChanged", "removed", "moved", "selected", "cleared", "allEnabled", "carryWished", "spreadWished")


def rows(*cuts: str) -> tuple[PlanRow, ...]:
    return tuple(plan_row(parse_cut(cut), (4,), TOKENS) for cut in cuts)


THREE = rows("L3H5.z@4=silence", "L1.mlp_out@4=noise(sigma=2)", "embed@4=scale")


@pytest.fixture
def plan(qtbot: QtBot, theme: Theme) -> PlanList:
    made = PlanList(theme)
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.set_rows(THREE)
    made.show()
    qtbot.waitExposed(made)
    made.view.setFocus()
    return made


@pytest.fixture
def wished(plan: PlanList) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    for name in SIGNALS:
        getattr(plan, name).connect(lambda *values, name=name: told.append((name, *values)))
    return told


def box(plan: PlanList, row: int) -> QRect:
    return plan.view.visualRect(plan.view.model().index(row, 0))


def parts(plan: PlanList) -> PlanDelegate:
    delegate = plan.view.itemDelegate()
    assert isinstance(delegate, PlanDelegate)
    return delegate


def drag(qtbot: QtBot, plan: PlanList, start: int, end: QPoint) -> None:
    area = plan.view.viewport()
    qtbot.mousePress(area, LEFT, NONE, box(plan, start).center())
    qtbot.mouseMove(area, box(plan, start).center() + QPoint(0, 6))
    qtbot.mouseMove(area, end)
    qtbot.mouseRelease(area, LEFT, NONE, end)


def test_that_a_row_says_place_and_operation() -> None:
    row = plan_row(parse_cut("L3H5.z@4=noise(sigma=2)"), (4,), TOKENS)
    assert (row.place, row.doing, row.mark) == ("L3H5.z @ 4 ·pine", "noise σ=2 seed=0", "~")


def test_that_a_row_says_why_it_does_nothing() -> None:
    incision = parse_cut("L3H5.z@12=silence")
    row = plan_row(incision, (), TOKENS, "There is no token 12.", UNCHANGED)
    assert (row.place, row.warning) == ("L3H5.z @ 12", "There is no token 12.")
    assert plan_row(incision, (4,), TOKENS, None, UNCHANGED).warning == "left its activation as it was"
    assert plan_row(replace(incision, enabled=False), (4,), TOKENS, None, UNCHANGED).warning == ""


def test_that_a_row_says_what_its_figures_depend_on_and_where_it_is_carried() -> None:
    incision = replace(parse_cut("L3H5.z@4=silence"), receiver=parse_site("L4H1.q"))
    row = plan_row(incision, (4,), TOKENS, None, "", ("over 12 of 14 prompts", "R² 0.91"))
    assert (row.receiver, row.remark) == ("L4H1.q", "over 12 of 14 prompts; R² 0.91")
    assert row_words(row) == "L3H5.z @ 4 ·pine, → L4H1.q, silence, over 12 of 14 prompts; R² 0.91"


def test_that_a_row_says_over_which_seeds_and_where_a_patch_comes_from() -> None:
    assert plan_row(parse_cut("L3H5.z@4=noise(sigma=2)"), (4,), TOKENS, seeds=10).doing == "noise σ=2 seeds 0–9"
    patched = plan_row(parse_cut("L3H5.z@4=patch"), (4,), TOKENS, patched="from 2 ·milk (denoising)")
    assert patched.doing == "patch from 2 ·milk (denoising)"


def test_that_the_summary_counts_what_is_off() -> None:
    off = PlanRow("embed @ 4", "silence", "silence", "×", enabled=False)
    assert plan_summary(()) == ""
    assert plan_summary(THREE[:1]) == "1 incision"
    assert plan_summary((*THREE, off)) == "4 incisions, 1 off"


def test_that_a_gap_below_the_row_counts_without_it() -> None:
    assert [landing(1, gap) for gap in range(4)] == [0, 1, 1, 2]


def test_that_a_click_selects(qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    qtbot.mouseClick(plan.view.viewport(), LEFT, pos=box(plan, 1).center())
    assert wished == [("selected", 1)]


def test_that_the_checkbox_only_switches(qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    qtbot.mouseClick(plan.view.viewport(), LEFT, pos=parts(plan).check_box(box(plan, 1)).center())
    assert wished == [("enabledChanged", 1, False)]
    assert plan.view.rows[1].enabled


def test_that_the_cross_only_removes(qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    qtbot.mouseClick(plan.view.viewport(), LEFT, pos=parts(plan).remove_box(box(plan, 2)).center())
    assert wished == [("removed", 2)]


def test_that_a_row_is_dragged_to_another_place(qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    drag(qtbot, plan, 0, box(plan, 2).bottomLeft() + QPoint(80, 10))
    assert ("moved", 0, 2) in wished
    assert [row.place for row in plan.view.rows] == [row.place for row in THREE]


def test_that_a_drag_back_to_its_place_moves_nothing(
    qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]
) -> None:
    drag(qtbot, plan, 1, box(plan, 1).center() + QPoint(0, 3))
    assert not [told for told in wished if told[0] == "moved"]


def test_that_the_keys_switch_remove_and_move(qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    plan.set_selected(1)
    qtbot.keyClick(plan.view, Qt.Key.Key_Space)
    qtbot.keyClick(plan.view, Qt.Key.Key_Delete)
    qtbot.keyClick(plan.view, Qt.Key.Key_Up, ALT)
    assert wished == [("enabledChanged", 1, False), ("removed", 1), ("moved", 1, 0), ("selected", 0)]
    qtbot.keyClick(plan.view, Qt.Key.Key_Up, ALT)
    assert wished[-1] == ("selected", 0)


def test_that_the_arrows_select_and_escape_selects_none(
    qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]
) -> None:
    plan.set_selected(0)
    qtbot.keyClick(plan.view, Qt.Key.Key_Down)
    qtbot.keyClick(plan.view, Qt.Key.Key_Escape)
    assert wished == [("selected", 1), ("selected", -1)]


def test_that_being_told_a_selection_is_not_a_wish(plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    plan.set_selected(2)
    assert plan.view.selected == 2
    plan.set_selected(-1)
    assert plan.view.selected == -1
    assert wished == []


def test_that_a_live_dose_keeps_the_selection(plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    plan.set_selected(1)
    plan.set_rows((THREE[0], *rows("L1.mlp_out@4=noise(sigma=3)"), THREE[2]))
    assert plan.view.selected == 1
    plan.set_rows(THREE[:1])
    assert plan.view.selected == 0
    assert wished == []


def test_that_the_buttons_clear_and_switch_all(qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    qtbot.mouseClick(plan.switch_button, LEFT)
    off = tuple(PlanRow(row.place, row.doing, row.operation, row.mark, enabled=False) for row in THREE)
    plan.set_rows(off)
    assert plan.switch_button.text() == "All on"
    qtbot.mouseClick(plan.switch_button, LEFT)
    qtbot.mouseClick(plan.clear_button, LEFT)
    assert wished == [("allEnabled", False), ("allEnabled", True), ("cleared",)]


def test_that_an_empty_plan_offers_nothing_to_press(
    qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]
) -> None:
    plan.set_rows(())
    assert not plan.clear_button.isEnabled()
    assert not plan.switch_button.isEnabled()
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Delete):
        qtbot.keyClick(plan.view, key)
    assert wished == []


def test_that_a_row_is_read_out_with_its_warning(plan: PlanList) -> None:
    warned = PlanRow("L2H0.z @ 12", "silence", "silence", "×", warning="There is no token 12.")
    plan.set_rows((warned,))
    said = plan.view.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "L2H0.z @ 12, silence, There is no token 12."


def test_that_a_row_is_one_line_and_a_second_only_for_a_warning(plan: PlanList) -> None:
    plain = box(plan, 0).height()
    warned = PlanRow("L2H0.z @ 12", "silence", "silence", "×", warning="There is no token 12.")
    plan.set_rows((warned, *THREE[1:]))
    assert plain < 1.2 * box(plan, 1).height() < 36
    assert box(plan, 0).height() > 1.5 * box(plan, 1).height()
    plan.set_rows(THREE)
    assert box(plan, 0).height() == plain


def test_that_the_last_row_is_never_sliced(qtbot: QtBot, plan: PlanList) -> None:
    plan.set_rows(THREE * 5)
    area, high = plan.view.viewport(), box(plan, 0).height()
    plan.resize(420, plan.height() - area.height() + 3 * high + high // 2)
    sliced = box(plan, 3)
    assert area.height() > sliced.center().y()
    assert not plan.view.indexAt(sliced.center()).isValid()
    shown = area.grab().toImage()
    below = {shown.pixelColor(x, y).name() for y in range(3 * high + 2, area.height()) for x in range(300)}
    assert len(below) == 1
    plan.view.verticalScrollBar().setValue(2)
    assert box(plan, 2).top() == 0


def test_that_the_cuts_just_made_are_tinted_and_the_last_is_in_sight(
    plan: PlanList, theme: Theme, wished: list[tuple[Any, ...]]
) -> None:
    plan.resize(420, 150)
    plan.set_rows(THREE * 5)
    plan.set_in_hand((12, 13))
    area = plan.view.viewport()
    assert area.rect().contains(box(plan, 13))
    shown, right = area.grab().toImage(), area.width() - 12
    tints = [shown.pixelColor(right, box(plan, row).center().y()).name() for row in (11, 12, 13)]
    assert tints[1] == tints[2] == theme.palette.accent_soft.lower() != tints[0]
    assert plan.view.selected == -1
    assert wished == []


def test_that_the_list_stays_where_it_was_scrolled_while_the_same_cuts_are_in_hand(plan: PlanList) -> None:
    plan.resize(420, 150)
    plan.set_rows(THREE * 5)
    plan.set_in_hand((13,))
    plan.view.verticalScrollBar().triggerAction(QAbstractSlider.SliderAction.SliderToMinimum)
    plan.set_in_hand((13,))
    assert plan.view.verticalScrollBar().value() == 0
    plan.set_in_hand((14, 99))
    assert plan.view.viewport().rect().contains(box(plan, 14))
    plan.set_in_hand(())
    assert plan.view.model().index(14, 0).data(IN_HAND) is False


def test_that_the_row_in_hand_stays_in_sight_when_warnings_or_a_notice_take_room(plan: PlanList) -> None:
    plan.resize(420, 150)
    plan.set_rows(THREE)
    plan.set_in_hand((2,))
    plan.set_rows((*(replace(row, warning="not applied") for row in THREE[:2]), THREE[2]))
    assert plan.view.viewport().rect().contains(box(plan, 2))
    plan.resize(420, 110)
    assert plan.view.viewport().rect().contains(box(plan, 2))


def open_menu(plan: PlanList) -> QMenu:
    return plan.view.findChildren(QMenu)[-1]


def entry(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == text)


def take(qtbot: QtBot, menu: QMenu, text: str) -> None:
    """Click an entry of the menu that is open."""
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(entry(menu, text)).center())


def test_that_the_dots_offer_to_carry_and_to_spread(
    qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]
) -> None:
    qtbot.mouseClick(plan.view.viewport(), LEFT, pos=parts(plan).more_box(box(plan, 1)).center())
    menu = open_menu(plan)
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts == ["Carry to one receiver …", "Spread everywhere", "Switch off", "Remove"]
    assert not entry(menu, "Spread everywhere").isEnabled()
    take(qtbot, menu, "Carry to one receiver …")
    assert wished == [("carryWished", 1)]


def test_that_nothing_is_carried_from_the_logits(qtbot: QtBot, plan: PlanList) -> None:
    plan.set_rows(rows("logits@4=silence"))
    qtbot.mouseClick(plan.view.viewport(), LEFT, pos=parts(plan).more_box(box(plan, 0)).center())
    carry = entry(open_menu(plan), "Carry to one receiver …")
    assert not carry.isEnabled()
    assert carry.toolTip().startswith("Nothing comes after the logits")


def test_that_a_carried_row_can_be_spread_again(qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]) -> None:
    plan.set_rows((replace(THREE[0], receiver="L4H1.q"), *THREE[1:]))
    place = box(plan, 0).center()
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, plan.view.viewport().mapToGlobal(place))
    QApplication.sendEvent(plan.view.viewport(), asked)
    menu = open_menu(plan)
    assert entry(menu, "Carry to another receiver …").isEnabled()
    take(qtbot, menu, "Spread everywhere")
    assert wished == [("spreadWished", 0)]


def test_that_the_menu_key_asks_about_the_selected_row(
    qtbot: QtBot, plan: PlanList, wished: list[tuple[Any, ...]]
) -> None:
    plan.set_selected(2)
    QApplication.sendEvent(plan.view, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0)))
    take(qtbot, open_menu(plan), "Remove")
    assert wished == [("removed", 2)]


def test_that_a_row_with_warning_and_remark_has_room_for_both(plan: PlanList) -> None:
    plain = box(plan, 0).height()
    both = replace(THREE[0], warning="did not change the answer", remark="over 12 of 14 prompts")
    plan.set_rows((both, replace(THREE[1], remark="R² 0.91"), THREE[2]))
    one, two, three = (box(plan, row).height() for row in (2, 1, 0))
    assert one == plain
    assert two - one == three - two > 10


def test_that_the_header_says_what_the_fields_edit(plan: PlanList) -> None:
    assert plan.caption.text() == "3 incisions"
    plan.set_editing("L3H5.z @ 4")
    assert plan.caption.text() == "3 incisions, the fields above edit L3H5.z @ 4"
