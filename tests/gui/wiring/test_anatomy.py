"""The labels of heads in the real window: guessed first, then shown, and no number moves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from core.anatomy.roles import LABELS
from core.anatomy.sheet import FILE, as_document
from core.models.checkpoint import inspect_checkpoint
from core.models.fingerprint import fingerprint
from gui.wiring.anatomy_wiring import AnatomyWiring
from tests.gui.surgery.made_sheets import made_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.fixtures.tiny_models import TinyModel
    from tests.gui.conftest import Opener
    from tests.gui.hands import Hands

LAYERS, HEADS = 3, 4
LABEL = "Anatomy: labels of heads"


@pytest.fixture
def measured(open_window: Opener, tiny_gpt2: TinyModel, tmp_path: Path) -> Hands:
    """Return the window on a model with a sheet: L1H3 looks at the token before."""
    for file in tiny_gpt2.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    document = as_document(made_sheet(7, 8))
    document |= {"n_layers": LAYERS, "n_heads": HEADS, "fingerprint": fingerprint(inspect_checkpoint(tmp_path))}
    document |= {"labels": {"L1H3": ["previous_token"]}, "maps": []}
    for score in document["scores"].values():
        score["values"] = [row[:HEADS] for row in score["values"][:LAYERS]]
    (tmp_path / FILE).write_text(json.dumps(document), encoding="utf-8")
    return open_window("--model", str(tmp_path), "--prompt", tiny_gpt2.prompt)


def tags(hands: Hands) -> dict[str, str]:
    view = hands.window.grid.view
    assert view.scene.model is not None
    return {str(view.scene.model.site(cell)): tag.text for cell, tag in view.look.tags.items()}


def test_that_labels_are_hidden_until_the_switch_is_clicked(measured: Hands) -> None:
    before, results = measured.result, len(measured.results)
    assert tags(measured) == {}
    measured.click(measured.window.grid.switch)
    assert tags(measured) == {"L1H3.z": "P"}
    assert "83 % of its attention goes to the token before" in measured.point_at("L1H3.z")
    measured.click(measured.window.grid.switch)
    assert tags(measured) == {}
    measured.wait_until_quiet()
    assert (len(measured.results), measured.result) == (results, before)
    assert not measured.store.history.canUndo()


def test_that_labels_are_shown_by_keys_and_the_menu_follows(measured: Hands, qtbot: QtBot) -> None:
    action = measured.action(LABEL)
    assert action.isEnabled()
    assert not action.isChecked()
    qtbot.keyClick(
        measured.window, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert tags(measured) == {"L1H3.z": "P"}
    assert action.isChecked()
    assert measured.window.grid.switch.isChecked()
    action.trigger()
    assert tags(measured) == {}
    assert not measured.window.grid.switch.isChecked()


def test_that_numbers_are_the_same_with_labels_and_without(measured: Hands) -> None:
    measured.click_cell("L1H3.z")
    measured.wait_until_quiet()
    hidden = measured.result
    measured.click(measured.window.grid.switch)
    measured.action("Run again").trigger()
    measured.wait_until_quiet()
    shown = measured.result
    assert shown.request == hidden.request
    assert shown.operated.numbers == hidden.operated.numbers
    for key, curve in shown.operated.curves.items():
        np.testing.assert_array_equal(curve.values, hidden.operated.curves[key].values)


def wiring(hands: Hands) -> AnatomyWiring:
    return next(each for each in hands.made.wirings if isinstance(each, AnatomyWiring))


def test_that_a_guess_is_made_in_a_menu_and_marked_when_the_labels_come(measured: Hands) -> None:
    menu = wiring(measured).guess_menu((1, 3))
    entries = {action.text(): action for action in menu.actions() if action.text()}
    assert LABELS["induction"].title.capitalize() in entries
    assert not any(LABELS["masked_copy"].title.capitalize() == text for text in entries)
    assert not entries["Take the guess back"].isEnabled()
    entries[LABELS["induction"].title.capitalize()].trigger()
    assert tags(measured) == {"L1H3.z": "I?"}
    assert "Your guess: induction head." in measured.point_at("L1H3.z")
    measured.click(measured.window.grid.switch)
    assert tags(measured) == {"L1H3.z": "P✗"}
    assert "0 of 1 guesses right" in measured.window.grid.labels.words.accessibleName()
    told = wiring(measured).guess_menu((0, 0)).actions()
    assert not any(action.isEnabled() for action in told if action.text())
    measured.click(measured.window.grid.switch)
    back = wiring(measured).guess_menu((1, 3)).actions()[-1]
    back.trigger()
    assert tags(measured) == {}


def test_that_a_right_click_asks(measured: Hands, qtbot: QtBot) -> None:
    grid = measured.window.grid
    with qtbot.waitSignal(grid.guessWanted):
        grid.guessWanted.emit((1, 3), QPoint(10, 10))
    menu = next(each for each in grid.findChildren(type(wiring(measured).guess_menu((0, 0)))) if each.isVisible())
    assert "Layer 1, head 3" in menu.actions()[0].text()
    menu.close()


def test_that_a_model_without_a_sheet_says_so(hands: Hands) -> None:
    switch = hands.window.grid.switch
    assert not switch.isEnabled()
    assert "has no anatomy sheet" in switch.toolTip()
    assert "main.py anatomy" in switch.toolTip()
    assert not hands.action(LABEL).isEnabled()
    hands.action(LABEL).trigger()
    assert tags(hands) == {}
