"""What is known of heads, in words and as letters in the grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QColor, QContextMenuEvent, QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip

from core.anatomy.roles import LABELS
from gui.theme.palette import DARK, LIGHT
from gui.theme.theme import Theme
from gui.widgets.anatomy_words import NO_LABEL, Anatomy, Tag, head_of, known_words, score_words
from tests.fixtures.made_results import model_info
from tests.gui.surgery.grid_hands import Listener, cut, middle, press
from tests.gui.surgery.made_sheets import BOTH, HEADS, LAYERS, MOVER, PLAIN, PREVIOUS, made_sheet

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.surgery.head_grid import HeadGrid

SHEET = made_sheet()
HIDDEN, SHOWN = Anatomy(SHEET), Anatomy(SHEET, shown=True)


def test_that_nothing_is_told_before_it_is_asked_for() -> None:
    heads = [(layer, head) for layer in range(LAYERS) for head in range(HEADS)]
    assert {HIDDEN.tag(head) for head in heads} == {None}
    assert {HIDDEN.words(head) for head in heads} == {""}


def test_that_a_label_is_a_letter_and_a_sentence_with_its_score() -> None:
    assert SHOWN.tag(PREVIOUS) == Tag("P", "label")
    assert SHOWN.tag(BOTH) == Tag("PD", "label")
    assert SHOWN.tag(PLAIN) is None
    assert SHOWN.words(PREVIOUS) == "Previous-token head: 83 % of its attention goes to the token before."
    assert "62 % of its attention" in SHOWN.words(MOVER)
    assert "+1.90 nats" in SHOWN.words(MOVER)
    assert SHOWN.words(BOTH).count("head:") == 2
    assert SHOWN.words(PLAIN).startswith("No label. Its largest score: 5 % attention")


@pytest.mark.parametrize("key", LABELS.keys())
def test_that_every_label_can_be_told(key: str) -> None:
    scores = {**SHEET.scores, **dict.fromkeys(LABELS[key].needs, SHEET.scores["induction"])}
    words = known_words(replace(SHEET, scores=scores, labels={PLAIN: (key,)}), PLAIN)
    assert words.lower().startswith(LABELS[key].title.lower())
    assert "{" not in words


def test_that_letters_of_labels_are_all_different() -> None:
    assert len({label.tag for label in LABELS}) == len(LABELS)


def test_that_all_scores_of_a_head_can_be_read() -> None:
    lines = score_words(SHEET, BOTH).split("\n")
    assert lines[0] == "Layer 0, head 6: previous-token head, duplicate-token head"
    assert len(lines) == 1 + len(SHEET.scores)
    assert "attention to the token before: 50 %" in lines


@pytest.mark.parametrize(
    ("head", "guess", "hidden", "shown"),
    [
        (PREVIOUS, "previous_token", Tag("P?", "guess"), Tag("P✓", "right")),
        (PREVIOUS, "induction", Tag("I?", "guess"), Tag("P✗", "wrong")),
        (BOTH, "duplicate_token", Tag("D?", "guess"), Tag("PD✓", "right")),
        (PLAIN, "induction", Tag("I?", "guess"), Tag("✗", "wrong")),
        (PLAIN, NO_LABEL, Tag("–?", "guess"), Tag("✓", "right")),
        (MOVER, NO_LABEL, Tag("–?", "guess"), Tag("N✗", "wrong")),
    ],
)
def test_that_a_guess_is_marked_only_once_the_labels_are_shown(
    head: tuple[int, int], guess: str, hidden: Tag, shown: Tag
) -> None:
    guessed = Anatomy(SHEET, {head: guess})
    assert guessed.tag(head) == hidden
    assert guessed.words(head).startswith("Your guess: ")
    assert "right" not in guessed.words(head)
    told = replace(guessed, shown=True)
    assert told.tag(head) == shown
    assert told.tally() == f"{int(shown.kind == 'right')} of 1 guesses right"
    assert (", right." if shown.kind == "right" else ", not so.") in told.words(head)


def test_that_a_key_that_several_heads_share_is_no_head_of_its_own() -> None:
    from core.sites.site import parse_site

    assert head_of(parse_site("L2H3.z"), 8, 8) == (2, 3)
    assert head_of(parse_site("L2H1.k"), 8, 2) is None
    assert head_of(parse_site("L2.mlp_out"), 8, 8) is None
    assert head_of(parse_site("logits"), 8, 8) is None


def test_that_the_grid_shows_letters_and_what_they_mean(grid: HeadGrid, theme: Theme) -> None:
    grid.set_anatomy(HIDDEN)
    assert grid.switch.isEnabled()
    assert not grid.switch.isChecked()
    assert grid.view.look.tags == {}
    assert not grid.labels.isVisible()
    grid.set_anatomy(SHOWN)
    assert grid.switch.isChecked()
    assert {cell: tag.text for cell, tag in grid.view.look.tags.items()} == {(2, 3): "P", (1, 6): "PD", (5, 2): "N"}
    assert grid.labels.isVisible()
    assert grid.labels.words.accessibleName() == "P previous-token, D duplicate-token, N name mover"


@pytest.mark.parametrize("palette", [LIGHT.name, DARK.name])
def test_that_a_letter_is_drawn_in_ink_that_can_be_read(grid: HeadGrid, theme: Theme, palette: str) -> None:
    theme.use(name=palette)
    before = _cell(grid, (2, 3))
    grid.set_anatomy(SHOWN)
    after = _cell(grid, (2, 3))
    colors = [QColor(theme.palette.text).rgb(), QColor(theme.palette.surface).rgb()]
    for color in colors:
        assert _count(after, color) > _count(before, color) + 10


def _cell(grid: HeadGrid, cell: tuple[int, int]) -> QImage:
    QApplication.processEvents()
    return grid.view.viewport().grab(grid.view.look.rect(cell)).toImage()


def _count(image: QImage, color: int) -> int:
    return sum(image.pixel(x, y) == color for x in range(image.width()) for y in range(image.height()))


def test_that_letters_stand_beside_an_incision_and_in_the_smallest_cells(grid: HeadGrid, theme: Theme) -> None:
    grid.set_incisions([cut("L1H3.z", 4)])
    grid.set_anatomy(SHOWN)
    assert _count(_cell(grid, (2, 3)), QColor(theme.palette.text).rgb()) > 3
    grid.resize(300, 240)
    assert _count(_cell(grid, (2, 3)), QColor(theme.palette.text).rgb()) > 3


def test_that_no_model_without_a_sheet_can_be_asked(grid: HeadGrid) -> None:
    grid.set_anatomy(None, "small has no anatomy sheet.")
    assert not grid.switch.isEnabled()
    assert grid.switch.toolTip() == "small has no anatomy sheet."
    assert "no anatomy sheet" in grid.switch.accessibleDescription()


def test_that_the_line_below_says_what_a_head_does(qtbot: QtBot, grid: HeadGrid) -> None:
    grid.set_anatomy(SHOWN)
    qtbot.mouseMove(grid.view.viewport(), middle(grid, (2, 3)))
    assert "83 % of its attention goes to the token before" in grid.readout.text
    grid.set_incisions([cut("L1H3.z", 4)])
    assert "83 % of its attention goes to the token before" in grid.readout.text
    grid.set_anatomy(HIDDEN)
    assert "attention goes" not in grid.readout.text


def test_that_a_screen_reader_is_told_too(grid: HeadGrid) -> None:
    grid.set_anatomy(SHOWN)
    source = grid.view.cell_source()
    assert "Previous-token head: 83 %" in source.name(source.cells().index((2, 3)))
    assert QAccessible.queryAccessibleInterface(grid.switch).text(QAccessible.Text.Name) == "anatomy: labels of heads"


def test_that_all_scores_stand_in_a_tip_only_once_they_are_shown(grid: HeadGrid) -> None:
    place = middle(grid, (2, 3))
    asked = QHelpEvent(QHelpEvent.Type.ToolTip, place, grid.view.viewport().mapToGlobal(place))
    grid.set_anatomy(HIDDEN)
    QApplication.sendEvent(grid.view.viewport(), asked)
    assert QToolTip.text() == ""
    grid.set_anatomy(SHOWN)
    QApplication.sendEvent(grid.view.viewport(), asked)
    assert QToolTip.text() == score_words(SHEET, PREVIOUS)
    QToolTip.hideText()


def test_that_a_click_on_a_labelled_head_does_what_it_did(qtbot: QtBot, grid: HeadGrid, wished: Listener) -> None:
    grid.set_anatomy(SHOWN)
    press(qtbot, grid, middle(grid, (2, 3)))
    assert wished.toggled == [(["L1H3.z"], True)]


def test_that_a_head_is_guessed_by_mouse_and_by_key(grid: HeadGrid) -> None:
    asked: list[tuple[int, int]] = []
    grid.guessWanted.connect(lambda head, place: asked.append(head))
    area = grid.view.viewport()
    by_mouse = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, middle(grid, (3, 4)), QPoint())
    QApplication.sendEvent(area, by_mouse)
    assert asked == []
    grid.set_anatomy(HIDDEN)
    QApplication.sendEvent(area, by_mouse)
    assert asked == [(2, 4)]
    assert grid.view.focus_cell == (3, 4)
    QApplication.sendEvent(area, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, middle(grid, (3, 9)), QPoint()))
    assert asked == [(2, 4)]
    QApplication.sendEvent(grid.view, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint()))
    assert asked == [(2, 4), (2, 4)]


def test_that_keys_of_a_group_are_not_labelled(grid: HeadGrid) -> None:
    grid.set_shape(model_info(LAYERS, n_heads=HEADS, n_key_value_heads=2))
    grid.set_anatomy(SHOWN)
    grid.picker.heads["k"].click()
    assert grid.view.look.tags == {}
    grid.picker.heads["q"].click()
    assert len(grid.view.look.tags) == 3


def test_that_the_switch_is_reached_and_pressed_by_keys(qtbot: QtBot, grid: HeadGrid) -> None:
    grid.set_anatomy(HIDDEN)
    wanted: list[bool] = []
    grid.anatomyToggled.connect(wanted.append)
    assert grid.switch.focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.keyClick(grid.switch, Qt.Key.Key_Space)
    assert wanted == [True]
