"""The panel of the anatomy sheet: its scores and maps, once the labels are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt

from core.anatomy.roles import SCORES
from gui.panels.anatomy import HIDDEN, WAITING, AnatomySheet
from gui.theme.theme import Theme
from gui.widgets.anatomy_words import Anatomy
from tests.gui.surgery.made_sheets import BOTH, MOVER, PREVIOUS, made_sheet

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SHEET = made_sheet()


@pytest.fixture
def panel(qtbot: QtBot, qapp: object) -> AnatomySheet:
    theme = Theme("light")
    theme.apply()
    made = AnatomySheet(theme)
    qtbot.addWidget(made)
    made.resize(700, 260)
    made.show()
    return made


def choose(panel: AnatomySheet, key: str) -> None:
    panel.choice.setCurrentIndex(panel.choice.findData(key))


def test_that_nothing_is_given_away_before_the_labels_are_shown(panel: AnatomySheet) -> None:
    assert panel.reason == WAITING
    panel.show_anatomy(Anatomy(SHEET), "")
    assert panel.reason == HIDDEN
    panel.show_reason("Waiting for the model.")
    assert panel.reason == HIDDEN
    panel.show_anatomy(None, "small has no anatomy sheet.")
    assert panel.reason == "small has no anatomy sheet."
    panel.show_anatomy(Anatomy(SHEET, shown=True), "")
    assert panel.reason == ""
    panel.show_reason("Waiting for the model.")
    assert panel.reason == ""


def test_that_every_score_and_map_can_be_chosen(panel: AnatomySheet) -> None:
    panel.show_anatomy(Anatomy(SHEET, shown=True), "")
    keys = [panel.choice.itemData(number) for number in range(panel.choice.count())]
    assert keys == [*(score.key for score in SCORES if score.key in SHEET.scores), "map foods"]
    for key, values in SHEET.scores.items():
        choose(panel, key)
        assert panel.map.heat is not None
        np.testing.assert_array_equal(panel.map.heat.values, values)
        assert panel.map.heat.signed == (SCORES[key].unit == "nats")
        assert panel.what.text().startswith(SCORES[key].definition)


def test_that_a_map_says_over_what_it_is_a_mean(panel: AnatomySheet) -> None:
    panel.show_anatomy(Anatomy(SHEET, shown=True), "")
    choose(panel, "map foods")
    assert panel.map.heat is not None
    np.testing.assert_array_equal(panel.map.heat.values, SHEET.maps[0].d_logit_difference)
    assert panel.map.heat.limit == 2.0
    assert "64 questions (held-out frames; 75% right untouched, by +2.00 nats)" in panel.what.text()


def test_that_heads_with_a_label_by_the_score_are_outlined(panel: AnatomySheet) -> None:
    panel.show_anatomy(Anatomy(SHEET, shown=True), "")
    for key, heads in (("previous_token", {PREVIOUS, BOTH}), ("direct_effect", {MOVER}), ("induction", set())):
        choose(panel, key)
        assert panel.map.marked == frozenset(heads)


def test_that_a_head_is_read_by_keys(panel: AnatomySheet, qtbot: QtBot) -> None:
    panel.show_anatomy(Anatomy(SHEET, shown=True), "")
    qtbot.keyClick(panel.map, Qt.Key.Key_Down)
    qtbot.keyClick(panel.map, Qt.Key.Key_Down)
    for _ in range(3):
        qtbot.keyClick(panel.map, Qt.Key.Key_Right)
    assert panel.told.text().startswith("L1H3: 83 %.  Previous-token head")
    assert panel.map.accessibleDescription() == panel.told.text()
    choose(panel, "map foods")
    change = SHEET.maps[0].d_logit_difference[1, 3]
    assert panel.told.text().startswith(
        f"L1H3: logit difference \N{MINUS SIGN}{-change:.3f}, log p \N{MINUS SIGN}0.250"
    )


def test_that_another_model_keeps_the_score_that_was_looked_at(panel: AnatomySheet) -> None:
    panel.show_anatomy(Anatomy(SHEET, shown=True), "")
    choose(panel, "induction")
    panel.show_anatomy(Anatomy(replace(SHEET, model="other"), shown=True), "")
    assert panel.choice.currentData() == "induction"
