"""The prediction panel lists what either run found likely, and what changed."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF

from gui.panels.predictions import Predictions
from gui.theme.theme import Theme
from gui.widgets.prediction_layout import columns, scale_end
from gui.widgets.prediction_model import PredictionRow, prediction_rows
from tests.fixtures.made_results import model_info, repeated, result

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

BEFORE = {0: 0.4, 1: 0.3, 2: 0.2, 3: 0.06, 4: 0.03, 5: 0.01}
AFTER = {0: 0.2, 1: 0.4, 2: 0.01, 3: 0.35, 4: 0.03, 5: 0.01}


@pytest.fixture
def theme() -> Theme:
    return Theme("dark")


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> Predictions:
    made = Predictions(theme)
    qtbot.addWidget(made)
    made.resize(480, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def by_id(rows: list[PredictionRow]) -> dict[int, PredictionRow]:
    """Return rows by token."""
    return {row.operated.id: row for row in rows}


def test_that_rows_stand_by_operated_rank_and_those_that_fell_out_last() -> None:
    rows = prediction_rows(result(before=BEFORE, after=AFTER, target=4, top_k=3))
    assert [row.operated.id for row in rows] == [1, 3, 0, 2, 4]
    assert [row.left for row in rows] == [False, False, False, True, False]
    assert [row.listed for row in rows] == [True, True, True, True, False]


def test_that_movement_says_up_down_same_new_and_gone() -> None:
    rows = by_id(prediction_rows(result(before=BEFORE, after=AFTER, target=4, top_k=3)))
    assert {token: row.movement for token, row in rows.items()} == {0: "▼2", 1: "▲1", 2: "gone", 3: "new", 4: "▲1"}
    same = by_id(prediction_rows(result(before=BEFORE, after=BEFORE, target=4, top_k=3)))
    assert {row.movement for row in same.values()} == {"="}


def test_that_the_target_is_listed_and_marked_even_outside_both_lists() -> None:
    rows = prediction_rows(result(before=BEFORE, after=AFTER, target=4, top_k=3))
    assert [row.operated.id for row in rows if row.target] == [4]


def test_that_a_row_tells_the_screen_reader_everything_it_shows() -> None:
    row = by_id(prediction_rows(result(before=BEFORE, after=AFTER, target=3, top_k=3)))[3]
    assert row.sentence == (
        "Token ·salad, the target; probability 6.00% to 35.0%; log-prob change +1.764 nats; "
        "rank 4 to 2, new in the list"
    )


def test_that_the_header_shows_change_rank_divergence_and_entropy(panel: Predictions) -> None:
    made = result(before=BEFORE, after=AFTER, target=3)
    panel.show_result(made)
    shown = {figure.name: figure.written for figure in panel.numbers.figures}
    assert shown["Δ log p(·salad)"] == "+1.764"
    assert shown["its rank"] == "4 → 2"
    assert shown["KL"] == f"{made.effect.kl:.3f}"
    before, after = (side.numbers["entropy"] for side in (made.clean, made.operated))
    assert shown["entropy"] == f"{before:.2f} → {after:.2f}"
    assert "its rank 4 → 2" in panel.numbers.accessibleName()


def test_that_a_click_on_a_row_makes_it_the_target(qtbot: QtBot, panel: Predictions) -> None:
    panel.show_result(result(before=BEFORE, after=AFTER, target=4, top_k=3))
    view = panel.list.view
    middle = view.visualRect(panel.list.model.index(1)).center()
    with qtbot.waitSignal(panel.targetChosen, timeout=2000) as caught:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle))
    assert caught.args == [3]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_that_arrows_move_and_enter_makes_the_row_the_target(qtbot: QtBot, panel: Predictions, key: Qt.Key) -> None:
    panel.show_result(result(before=BEFORE, after=AFTER, target=4, top_k=3))
    chosen: list[int] = []
    panel.targetChosen.connect(chosen.append)
    for press in (Qt.Key.Key_Down, Qt.Key.Key_Down, key):
        qtbot.keyClick(panel.list.view, press)
    assert chosen == [0]


def test_that_the_current_row_stays_where_it_is_while_numbers_change(qtbot: QtBot, panel: Predictions) -> None:
    panel.show_result(result(before=BEFORE, after=AFTER, target=4, top_k=3))
    qtbot.keyClick(panel.list.view, Qt.Key.Key_Down)
    panel.show_result(result(before=BEFORE, after=AFTER, target=4, top_k=3))
    assert panel.list.view.currentIndex().row() == 1


def test_that_without_predictions_it_says_why(panel: Predictions) -> None:
    assert panel.reason
    panel.show_result(result(before={}, after={}, lenses=(), model=model_info(has_head=False)))
    assert "no language-model head" in panel.reason
    panel.show_result(result())
    assert panel.reason == ""


def test_that_a_result_lifts_the_veil(qtbot: QtBot, panel: Predictions) -> None:
    panel.show_result(result())
    panel.set_stale(True)
    qtbot.waitUntil(panel.veil.isVisible, timeout=2000)
    assert panel.veil.geometry() == panel.rect()
    panel.show_result(result())
    assert panel.veil.isHidden()
    assert not panel.veil.waiting


def test_that_numbers_of_an_earlier_prompt_say_so_until_the_next_answer(panel: Predictions) -> None:
    panel.set_outdated(True)
    assert panel.veil.isHidden()
    for answer in (lambda: panel.show_result(result()), lambda: panel.show_reason("Nothing.")):
        panel.show_result(result())
        panel.set_outdated(True)
        assert panel.veil.isVisible()
        assert "earlier question" in panel.veil.mark
        answer()
        assert panel.veil.isHidden()


def whole_rows(panel: Predictions) -> list[int]:
    """Return the ids of the rows that can be seen, the pinned one last; none of them is cut."""
    view, model = panel.list.view, panel.list.model
    rects = {place: view.visualRect(model.index(place)) for place in range(model.rowCount())}
    seen = [place for place, rect in rects.items() if view.viewport().rect().intersects(rect)]
    assert all(view.viewport().rect().contains(rects[place]) for place in seen)
    pinned = panel.list.pinned
    assert panel.list.rect().contains(pinned.geometry()) or pinned.isHidden()
    return [model.rows[place].operated.id for place in seen] + ([pinned.row.operated.id] if pinned.row else [])


@pytest.mark.parametrize("target", [0, 3, 5])
def test_that_a_low_panel_still_shows_three_rows(qtbot: QtBot, panel: Predictions, target: int) -> None:
    panel.show_result(result(target=target))
    panel.resize(440, 180)
    assert panel.list.header.compact
    qtbot.waitUntil(lambda: len(whole_rows(panel)) == 3, timeout=2000)


@pytest.mark.parametrize("height", [150, 163, 180, 211, 300, 333, 420, 700])
def test_that_no_row_is_cut_and_the_followed_one_is_always_seen(panel: Predictions, height: int) -> None:
    for target in (0, 5, 11):
        panel.show_result(result(target=target))
        panel.resize(440, height)
        bar = panel.list.view.verticalScrollBar()
        for value in (0, 2, bar.maximum(), 1):
            bar.setValue(value)
            panel.grab()
            assert whole_rows(panel).count(target) == 1


def test_that_a_target_that_is_in_no_list_is_pinned_with_its_rank(qtbot: QtBot, panel: Predictions) -> None:
    panel.resize(480, 700)
    panel.show_result(result(target=11))
    pinned = panel.list.pinned
    assert pinned.isVisible()
    assert pinned.row is not None
    assert "rank 12 to" in pinned.accessibleName()
    assert panel.list.model.rowCount() == len(panel.list.model.rows) - 1
    assert pinned.geometry().top() == panel.list.view.geometry().bottom() + 1
    with qtbot.waitSignal(panel.targetChosen, timeout=2000) as caught:
        qtbot.mouseClick(pinned, Qt.MouseButton.LeftButton)
    assert caught.args == [11]
    panel.show_result(result(target=0))
    assert pinned.isHidden()


@pytest.mark.parametrize("width", [300, 420, 760, 1400])
def test_that_columns_never_overlap(theme: Theme, width: int) -> None:
    laid = columns(theme, width, prediction_rows(result()))
    order = [laid.rank, laid.token, laid.bars, laid.prob, laid.change, laid.movement]
    spans = [span for span in order if span[1] > span[0]]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert spans[-1][1] <= width
    assert laid.token[1] - laid.token[0] > 20


@pytest.mark.parametrize("width", [280, 330, 420, 760])
@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
def test_that_a_low_panel_says_how_far_its_bars_reach(
    qtbot: QtBot, panel: Predictions, theme: Theme, width: int, scale: float
) -> None:
    theme.use(scale=scale)
    panel.show_result(result(before=BEFORE, after=AFTER, target=3))
    header = panel.list.header
    panel.resize(theme.pixels(width), theme.pixels(200))
    qtbot.waitUntil(lambda: header.compact)
    assert header.scale == "0 – 50%"
    laid = columns(theme, panel.list.view.viewport().width(), panel.list.model.rows)
    words = QFontMetricsF(theme.font(13)).horizontalAdvance("cleanoperated0 – 50%")
    assert header.key_left(laid) + words + theme.pixels(54) <= laid.next_head
    panel.resize(theme.pixels(width), theme.pixels(400))
    assert header.scale == ""


@pytest.mark.parametrize(("largest", "end"), [(0.0, 0.05), (0.05, 0.05), (0.06, 0.1), (0.34, 0.5), (1.0, 1.0)])
def test_that_a_full_bar_stands_for_a_round_probability(largest: float, end: float) -> None:
    assert scale_end(largest) == end


def test_that_a_change_of_theme_repaints_everything(panel: Predictions, theme: Theme) -> None:
    panel.show_result(result())
    theme.use(name="light", scale=1.3)
    image = panel.grab().toImage()
    assert image.pixelColor(2, 2).name() == theme.palette.surface
    assert panel.list.view.sizeHintForRow(0) == theme.pixels(38)


def test_that_over_several_seeds_the_figures_have_bands_and_the_bars_are_said_to_be_means(panel: Predictions) -> None:
    made = repeated(result(before=BEFORE, after=AFTER, target=3), wide=0.25)
    panel.show_result(made)
    shown = {figure.name: figure for figure in panel.numbers.figures}
    assert shown["Δ log p(·salad)"].written == "+1.764 [+1.51, +2.01]"
    assert shown["its rank"].written == "4 → 2 [1.8, 2.2]"
    assert shown["entropy"].written.endswith("]")
    assert shown["KL"].help.endswith("mean of 8 seeds")
    assert "each bar: mean probability over the seeds" in panel.caption.text
    panel.show_result(result(before=BEFORE, after=AFTER, target=3))
    assert panel.caption.isHidden()
    assert all("[" not in figure.written for figure in panel.numbers.figures)
