"""Path patching with the mouse: carry an incision's change to one receiver, and let it spread again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tests.gui.hands import Hands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def cut(hands: Hands) -> Hands:
    """The window with one head silenced at every token, and its result."""
    hands.click(hands.window.strip.picks["all"])
    hands.click_cell("L0H0.z")
    hands.wait_until_quiet()
    return hands


def ask(hands: Hands, row: int, entry: str) -> None:
    """Choose from the menu of a row of the plan list."""
    hands.click_plan(row, "more")
    menu = hands.window.plan.view.findChildren(QMenu)[-1]
    action = next(each for each in menu.actions() if each.text() == entry)
    hands.click(menu, menu.actionGeometry(action).center())


def test_that_a_change_is_carried_to_one_head_and_spread_again(cut: Hands) -> None:
    everywhere = cut.result.effect
    ask(cut, 0, "Carry to one receiver …")
    assert "Where to carry L0H0.z" in cut.window.grid.readout.text or "carry L0H0.z" in cut.window.grid.readout.text
    cut.choose_point("v")
    cut.click_cell("L1H2.v")
    carried = cut.wait_for_result()
    assert str(carried.request.plan[0].receiver) == "L1H2.v"
    assert carried.effect.kl != everywhere.kl
    assert "→ L1H2.v" in cut.rows[0]
    assert cut.window.grid.points.head == "z"
    assert cut.action("Undo").text() == "Undo: Carry L0H0.z to L1H2.v"
    ask(cut, 0, "Spread everywhere")
    assert cut.wait_for_result().effect == everywhere
    cut.action("Undo").trigger()
    assert cut.wait_for_result().effect == carried.effect


def test_that_a_change_is_carried_to_the_logits(cut: Hands) -> None:
    ask(cut, 0, "Carry to one receiver …")
    cut.click_cell("logits")
    assert str(cut.wait_for_result().request.plan[0].receiver) == "logits"


def test_that_escape_leaves_everything_as_it_was(cut: Hands, qtbot: QtBot) -> None:
    before = cut.session
    ask(cut, 0, "Carry to one receiver …")
    qtbot.keyClick(cut.window.grid.view, Qt.Key.Key_Escape)
    assert cut.session == before
    cut.click_cell("L1H2.z")
    assert len(cut.cuts) == 2


def test_that_no_receiver_is_looked_for_once_the_incision_is_gone(cut: Hands) -> None:
    ask(cut, 0, "Carry to one receiver …")
    cut.action("Clear all incisions").trigger()
    cut.click_cell("L1H2.z")
    assert cut.cuts == ["L1H2.z=silence"]
