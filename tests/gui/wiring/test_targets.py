"""The followed token and the one it is compared with: typed, clicked, cleared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from gui.panels.predictions import Predictions
from tests.gui.hands import Hands

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def predictions(hands: Hands) -> Predictions:
    panel = hands.window.panels["predictions"]
    assert isinstance(panel, Predictions)
    return panel


def click_prediction(hands: Hands, row: int) -> int:
    """Click a row of the prediction table and return its token's id."""
    view = predictions(hands).list.view
    index = view.model().index(row, 0)
    view.scrollTo(index)
    hands.click(view.viewport(), view.visualRect(index).center())
    hands.wait_until_quiet()
    return int(index.data(Qt.ItemDataRole.UserRole).operated.id)


def test_that_the_likeliest_token_is_followed_while_no_target_is_chosen(hands: Hands) -> None:
    likeliest = hands.result.clean.top[0]
    assert hands.session.target is None
    assert hands.result.target == likeliest.id
    assert hands.window.header.target.text() == ""
    assert likeliest.text.strip() in hands.window.header.target.placeholderText()


def test_that_a_typed_target_is_followed(hands: Hands) -> None:
    hands.retype(hands.window.header.target, " the")
    hands.wait_until_quiet()
    assert hands.session.target == " the"
    assert hands.result.target_text == " the"
    assert "the" in predictions(hands).numbers.accessibleName()


def test_that_a_clicked_prediction_is_followed_and_written_in_the_field(hands: Hands) -> None:
    chosen = click_prediction(hands, 2)
    assert hands.session.target == chosen
    assert hands.result.target == chosen
    text = hands.result.target_text or ""
    if text.isprintable():
        assert hands.window.header.target.text() == text


def test_that_a_prediction_is_followed_with_keys_alone(hands: Hands, qtbot: QtBot) -> None:
    view = predictions(hands).list.view
    view.setFocus()
    view.setCurrentIndex(view.model().index(0, 0))
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    hands.wait_until_quiet()
    assert hands.session.target == view.currentIndex().data(Qt.ItemDataRole.UserRole).operated.id


def test_that_leaving_the_field_of_a_clicked_target_changes_nothing(hands: Hands, qtbot: QtBot) -> None:
    chosen = click_prediction(hands, 3)
    steps = hands.store.history.count()
    hands.click(hands.window.header.target)
    qtbot.keyClick(hands.window.header.target, Qt.Key.Key_Return)
    qtbot.keyClick(hands.window.header.target, Qt.Key.Key_Tab)
    assert hands.session.target == chosen
    assert hands.store.history.count() == steps


def test_that_the_token_with_the_number_zero_can_be_followed(hands: Hands) -> None:
    hands.store.edit(replace(hands.session, target=0), "Choose the target")
    hands.wait_until_quiet()
    assert hands.result.target == 0
    assert hands.window.header.target.text()
    hands.retype(hands.window.header.target, "")
    assert hands.session.target is None


def test_that_clearing_the_field_follows_the_likeliest_again(hands: Hands) -> None:
    hands.retype(hands.window.header.target, " the")
    hands.wait_until_quiet()
    hands.retype(hands.window.header.target, "")
    hands.wait_until_quiet()
    assert hands.session.target is None
    assert hands.result.target == hands.result.clean.top[0].id


def test_that_a_second_token_gives_the_logit_difference(hands: Hands) -> None:
    assert hands.result.clean.numbers["logit_difference"] is None
    hands.retype(hands.window.header.target, " the")
    hands.retype(hands.window.header.versus, " on")
    hands.click_cell("L1H0.z")
    result = hands.wait_for_result()
    assert result.versus_text == " on"
    assert isinstance(result.clean.numbers["logit_difference"], float)
    assert result.effect.logit_difference
    hands.retype(hands.window.header.versus, "")
    hands.wait_until_quiet()
    assert hands.result.clean.numbers["logit_difference"] is None


def test_that_undo_takes_the_target_back_in_the_field_too(hands: Hands) -> None:
    hands.retype(hands.window.header.target, " the")
    hands.retype(hands.window.header.target, " on")
    hands.action("Undo").trigger()
    hands.wait_until_quiet()
    assert hands.window.header.target.text() == " the"
    assert hands.result.target_text == " the"
