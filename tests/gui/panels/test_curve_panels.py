"""The two curve panels draw what a result says, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt

from gui.panels.cosine_curve import NO_PAIR, CosineCurve
from gui.panels.log_prob_curve import LogProbCurve
from gui.theme.plot_style import SYMBOLS
from gui.theme.theme import Theme
from gui.widgets.curve_panel import CurvePanel
from gui.widgets.curve_plot import CurvePlot
from tests.fixtures.made_results import model_info, repeated, result

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from core.runs.result import RunResult


@pytest.fixture
def theme() -> Theme:
    return Theme("light")


def shown(qtbot: QtBot, panel: CurvePanel) -> CurvePanel:
    """Show a panel of a usual size."""
    qtbot.addWidget(panel)
    panel.resize(640, 360)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def cosine(qtbot: QtBot, theme: Theme) -> CurvePanel:
    return shown(qtbot, CosineCurve(theme))


@pytest.fixture
def log_prob(qtbot: QtBot, theme: Theme) -> CurvePanel:
    return shown(qtbot, LogProbCurve(theme))


def placed(made: RunResult, *places: int) -> RunResult:
    """Return a result whose pairs have these places in the session."""
    pairs = tuple(replace(pair, index=index) for pair, index in zip(made.request.pairs, places, strict=True))
    return replace(made, request=replace(made.request, pairs=pairs))


def items(plot: CurvePlot, side: str) -> list[Any]:
    """Return the curves of a side that are drawn."""
    return [item for item in getattr(plot, f"_{side}") if item.isVisible()]


def test_that_clean_curves_are_dashed_and_hollow_and_operated_ones_solid_and_filled(
    cosine: CurvePanel, theme: Theme
) -> None:
    cosine.show_result(placed(result(5), 0, 1))
    for side, style, filled in (
        ("clean", Qt.PenStyle.CustomDashLine, False),
        ("operated", Qt.PenStyle.SolidLine, True),
    ):
        drawn = items(cosine.plot, side)
        assert len(drawn) == 2
        for index, item in enumerate(drawn):
            color = theme.palette.pairs[index]
            assert item.opts["pen"].style() == style
            assert item.opts["pen"].color().name() == color
            assert item.opts["symbolBrush"].color().name() == (color if filled else theme.palette.surface)


def test_that_each_pair_has_its_own_colour_and_symbol(cosine: CurvePanel) -> None:
    cosine.show_result(placed(result(5, pairs=("a – b", "c – d", "e – f", "g – h")), 0, 1, 2, 3))
    drawn = items(cosine.plot, "operated")
    assert len({item.opts["pen"].color().name() for item in drawn}) == 4
    assert len({item.opts["symbol"] for item in drawn}) == 4


def test_that_a_pair_keeps_its_colour_where_an_earlier_one_is_not_in_the_prompt(
    cosine: CurvePanel, theme: Theme
) -> None:
    cosine.show_result(placed(result(5), 0, 1))
    cosine.show_result(placed(result(5), 1, 3))
    drawn = items(cosine.plot, "operated")
    assert [item.opts["pen"].color().name() for item in drawn] == [theme.palette.pairs[1], theme.palette.pairs[3]]
    assert [item.opts["symbol"] for item in drawn] == [SYMBOLS[1], SYMBOLS[3]]
    assert [row.symbol for row in cosine.readout.rows] == [1, 3]


def test_that_the_curves_hold_the_numbers_of_the_result(cosine: CurvePanel, log_prob: CurvePanel) -> None:
    made = result(12)
    for panel, lens in ((cosine, "cosine"), (log_prob, "log_prob")):
        panel.show_result(made)
        for side, readouts in (("clean", made.clean), ("operated", made.operated)):
            for item, values in zip(items(panel.plot, side), readouts.curves[lens].values, strict=True):
                np.testing.assert_array_equal(item.getOriginalDataset()[1], values)


def test_that_a_pair_that_is_taken_away_is_no_longer_drawn(cosine: CurvePanel) -> None:
    cosine.show_result(result(5))
    cosine.show_result(result(5, pairs=("a – b",)))
    assert len(items(cosine.plot, "clean")) == len(items(cosine.plot, "operated")) == 1
    assert [row.label for row in cosine.readout.rows] == ["a – b"]


def test_that_without_a_pair_it_says_how_to_choose_one(cosine: CurvePanel) -> None:
    assert cosine.reason == NO_PAIR
    cosine.show_result(result(5))
    assert cosine.reason == ""
    cosine.show_result(result(5, pairs=()))
    assert cosine.reason == NO_PAIR
    cosine.show_result(result(5, lenses=("log_prob",)))
    assert cosine.reason == NO_PAIR


def test_that_at_rest_the_readout_shows_the_last_layer(cosine: CurvePanel) -> None:
    made = result(5)
    cosine.show_result(made)
    first = cosine.readout.rows[0]
    assert cosine.readout.heading == "After layer 4"
    assert first.label == "pineapple – pizza"
    assert first.clean == f"{made.clean.curves['cosine'].values[0, -1]:.3f}"
    assert first.operated == f"{made.operated.curves['cosine'].values[0, -1]:.3f}"
    assert "pineapple – pizza: clean" in cosine.readout.accessibleDescription()


def test_that_the_mouse_moves_the_crosshair_to_the_nearest_layer_and_leaving_takes_it_away(
    qtbot: QtBot, cosine: CurvePanel
) -> None:
    cosine.show_result(result(5))
    box = cosine.plot.getViewBox()
    wanted = cosine.plot.mapFromScene(box.mapViewToScene(QPointF(2.2, box.viewRange()[1][0])))
    with qtbot.waitSignal(cosine.plot.depthChanged, timeout=2000):
        qtbot.mouseMove(cosine.plot.viewport(), QPoint(wanted.x(), wanted.y() - 40))
    assert cosine.plot.depth == 2
    assert cosine.plot._cross.isVisible()
    assert cosine.readout.heading == "After layer 1"
    cosine.plot.leaveEvent(QEvent(QEvent.Type.Leave))
    assert cosine.plot.depth == -1
    assert cosine.readout.heading == "After layer 4"


def test_that_arrow_keys_move_the_crosshair_and_escape_takes_it_away(qtbot: QtBot, cosine: CurvePanel) -> None:
    cosine.show_result(result(5))
    seen = []
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_End):
        qtbot.keyClick(cosine.plot, key)
        seen.append(cosine.plot.depth)
    assert seen == [5, 4, 0, 0, 1, 5]
    assert cosine.readout.heading == "After layer 4"
    qtbot.keyClick(cosine.plot, Qt.Key.Key_Home)
    assert cosine.readout.heading == "After the embedding"
    qtbot.keyClick(cosine.plot, Qt.Key.Key_Escape)
    assert cosine.plot.depth == -1


def test_that_a_run_that_changes_nothing_says_so_in_every_row(cosine: CurvePanel, log_prob: CurvePanel) -> None:
    for panel in (cosine, log_prob):
        panel.show_result(result(5, changed=False))
        assert {row.change for row in panel.readout.rows} <= {"no change", ""}
        assert panel.readout.rows[0].change == "no change"
        panel.show_result(result(5))
        assert panel.readout.rows[0].change not in {"no change", ""}


def test_that_the_log_prob_panel_names_the_target_and_reads_its_probability(log_prob: CurvePanel) -> None:
    made = result(5)
    log_prob.show_result(made)
    last = made.operated.curves["log_prob"].values[0, -1]
    assert [row.label for row in log_prob.readout.rows] == ["log p(·salad)", "p(·salad)"]
    assert log_prob.readout.rows[0].operated == f"−{abs(last):.3f}"
    assert log_prob.readout.rows[1].operated == f"{100 * np.exp(last):.2f}%"


def test_that_clean_and_operated_have_their_own_colours_in_the_log_prob_panel(
    log_prob: CurvePanel, theme: Theme
) -> None:
    log_prob.show_result(result(5))
    (clean,), (operated,) = items(log_prob.plot, "clean"), items(log_prob.plot, "operated")
    assert clean.opts["pen"].color().name() == theme.palette.clean
    assert operated.opts["pen"].color().name() == theme.palette.operated
    assert operated.zValue() > clean.zValue()


def test_that_the_log_prob_panel_says_why_it_has_nothing_to_draw(log_prob: CurvePanel) -> None:
    nothing: dict[int, float] = {}
    bare = result(5, before=nothing, after=nothing, lenses=("cosine",), model=model_info(has_head=False))
    log_prob.show_result(bare)
    assert "no language-model head" in log_prob.reason
    masked = model_info(objective="masked", mask_token="[MASK]")
    log_prob.show_result(result(5, before=nothing, after=nothing, lenses=(), model=masked, read_position=None))
    assert "[MASK]" in log_prob.reason


def test_that_the_range_stays_still_for_the_same_question_and_is_chosen_anew_for_another(cosine: CurvePanel) -> None:
    cosine.show_result(result(5))
    first = cosine.plot.getViewBox().viewRange()[1]
    cosine.show_result(result(5, changed=False))
    assert cosine.plot.getViewBox().viewRange()[1] == first
    cosine.show_result(result(5, pairs=("x – y",), changed=False))
    assert cosine.plot.getViewBox().viewRange()[1] != first


def test_that_a_curve_of_another_depth_fills_the_width_again(cosine: CurvePanel) -> None:
    for n_layers in (5, 48, 5):
        cosine.show_result(result(n_layers))
        low, high = cosine.plot.getViewBox().viewRange()[0]
        assert -2 < low < 0
        assert n_layers < high < n_layers + 2


def test_that_symbols_give_way_where_layers_stand_too_close(cosine: CurvePanel) -> None:
    cosine.show_result(result(5))
    assert items(cosine.plot, "clean")[0].opts["symbol"] == "o"
    cosine.resize(360, 300)
    cosine.show_result(result(48))
    assert items(cosine.plot, "clean")[0].opts["symbol"] is None


def test_that_a_change_of_theme_restyles_what_is_drawn(cosine: CurvePanel, theme: Theme) -> None:
    cosine.show_result(result(5))
    theme.use(name="dark", scale=1.5)
    assert cosine.plot.backgroundBrush().color().name() == theme.palette.surface
    assert items(cosine.plot, "clean")[0].opts["pen"].color().name() == theme.palette.pairs[0]
    assert cosine.grab().toImage().pixelColor(2, 2).name() == theme.palette.surface


def test_that_values_that_are_missing_leave_a_gap(log_prob: CurvePanel) -> None:
    made = result(5)
    made.operated.curves["log_prob"].values[0, 2] = -np.inf
    made.clean.curves["log_prob"].values[0, 3] = np.nan
    log_prob.show_result(made)
    assert np.isfinite(log_prob.plot.getViewBox().viewRange()).all()
    assert not log_prob.grab().isNull()


def squeezed() -> RunResult:
    """Return a result whose embedding alone would squeeze the rest."""
    made = result(12)
    for side, end in ((made.clean, -1.9), (made.operated, -3.2)):
        side.curves["log_prob"].values[0] = [-21.2, *np.linspace(-5, end, 12)]
    return made


@pytest.mark.parametrize("height", [170, 360])
def test_that_both_curves_begin_at_the_same_place_whatever_their_labels(
    cosine: CurvePanel, log_prob: CurvePanel, height: int
) -> None:
    places = set()
    for panel, made in ((cosine, result(12)), (log_prob, result(12)), (log_prob, squeezed())):
        panel.resize(330, height)
        panel.show_result(made)
        assert not panel.grab().isNull()
        box = panel.plot.getViewBox()
        places.add(round(box.mapViewToScene(QPointF(0, 0)).x()))
    assert len(places) == 1


def test_that_a_start_below_the_range_is_linked_and_noted_inside_the_plot(log_prob: CurvePanel) -> None:
    log_prob.resize(330, 190)
    log_prob.show_result(squeezed())
    plot = log_prob.plot
    assert not log_prob.grab().isNull()
    note = plot._start.mapRectToScene(plot._start.boundingRect())
    box = plot.getViewBox().mapRectToScene(plot.getViewBox().rect())
    assert plot._start.isVisible()
    assert plot._start.toPlainText() == "▼ −21.2"
    assert box.left() < note.left()
    assert note.bottom() < box.bottom() + 4
    low = plot.value_axis.ends
    assert low is not None
    assert note.center().y() > plot.getViewBox().mapViewToScene(QPointF(0, low[0])).y()
    for item in (*items(plot, "clean"), *items(plot, "operated")):
        assert np.isnan(item.getOriginalDataset()[1][0])
    assert [link.isVisible() for link in plot._links] == [True, True]
    log_prob.show_result(result(12))
    assert not plot._start.isVisible()
    assert not any(link.isVisible() for link in plot._links)


@pytest.mark.parametrize("height", [150, 170, 360])
def test_that_no_symbol_is_sliced_at_the_edge(cosine: CurvePanel, height: int) -> None:
    made = result(5)
    made.operated.curves["cosine"].values[0] = made.clean.curves["cosine"].values[0] = [0.0, 0.6, 0.6, 0.4, 0.2, 0.0]
    cosine.resize(500, height)
    cosine.show_result(made)
    assert not cosine.grab().isNull()
    box = cosine.plot.getViewBox()
    edge, half = box.mapRectToScene(box.rect()), cosine.plot._symbol_size() / 2
    for item in (*items(cosine.plot, "clean")[:1], *items(cosine.plot, "operated")[:1]):
        for value in item.getOriginalDataset()[1]:
            y = box.mapViewToScene(QPointF(0, value)).y()
            assert edge.top() + half <= y <= edge.bottom() - half


def test_that_labels_keep_their_room_in_a_narrow_panel(cosine: CurvePanel) -> None:
    cosine.show_result(result(5))
    cosine.resize(640, 360)
    assert list(cosine.readout._columns()) == ["change", "operated", "clean"]
    cosine.resize(300, 360)
    assert list(cosine.readout._columns()) == ["change", "operated"]
    clean = cosine.readout.rows[0].clean
    assert f"pineapple – pizza: clean {clean}," in cosine.readout.toolTip()
    cosine.resize(640, 360)
    assert cosine.readout.toolTip() == ""


def test_that_the_change_stays_in_the_narrowest_panel(cosine: CurvePanel, log_prob: CurvePanel) -> None:
    for panel in (cosine, log_prob):
        panel.show_result(result(5))
        panel.resize(panel.readout.minimumSizeHint().width(), 360)
        columns = panel.readout._columns()
        assert "change" in columns
        assert panel.readout._room(columns) > 20


def test_that_numbers_reach_the_right_edge_of_a_wide_panel_as_the_plot_does(cosine: CurvePanel) -> None:
    cosine.show_result(result(5))
    cosine.resize(1300, 360)
    box = cosine.plot.getViewBox()
    assert cosine.readout._columns()["change"][1] == pytest.approx(box.mapRectToScene(box.rect()).right(), abs=2)


def test_that_several_seeds_are_drawn_as_a_band_round_their_mean(cosine: CurvePanel, log_prob: CurvePanel) -> None:
    made = repeated(result(5))
    for panel, lens in ((cosine, "cosine"), (log_prob, "log_prob")):
        panel.show_result(made)
        curves = made.operated.curves[lens]
        assert curves.low is not None and curves.high is not None
        bands = [band for band in panel.plot._bands if band.isVisible()]
        assert len(bands) == len(curves.labels)
        first = int(panel.plot._squeezed)
        for band, low, high in zip(bands, curves.low, curves.high, strict=True):
            box = band.path().boundingRect()
            assert (box.left(), box.right()) == (first, 5)
            np.testing.assert_allclose((box.top(), box.bottom()), (low[first:].min(), high[first:].max()))
            assert 0 < band.brush().color().alpha() < 255
        panel.show_result(result(5))
        assert not any(band.isVisible() for band in panel.plot._bands)


def test_that_the_range_holds_the_band(cosine: CurvePanel) -> None:
    cosine.show_result(repeated(result(5), wide=0.4))
    low, high = cosine.plot.getViewBox().viewRange()[1]
    for series in cosine.plot.series:
        assert series.low is not None and series.high is not None
        assert low <= max(series.low.min(), -1)
        assert high >= min(series.high.max(), 1)


def test_that_the_readout_writes_the_band_where_it_has_room_and_tells_it_anyway(cosine: CurvePanel) -> None:
    made = repeated(result(5))
    cosine.show_result(made)
    row = cosine.readout.rows[0]
    mean = made.operated.curves["cosine"].values[0, -1]
    assert row.operated == f"{mean:.2f}"
    assert row.band == f"[{mean - 0.05:.2f}, {mean + 0.05:.2f}]"
    assert row.written("operated", banded=cosine.readout._banded) == row.spread
    cosine.resize(330, 300)
    assert "clean" not in cosine.readout._columns()
    assert row.written("operated", banded=cosine.readout._banded) == row.operated
    assert row.band in cosine.readout.toolTip()
    assert row.band in cosine.readout.accessibleDescription()


def test_that_a_probability_over_seeds_is_called_a_geometric_mean(log_prob: CurvePanel) -> None:
    log_prob.show_result(result(5))
    assert log_prob.readout.rows[1].label == "p(·salad)"
    log_prob.show_result(repeated(result(5)))
    assert log_prob.readout.rows[1].label == "geometric mean p(·salad)"


def test_that_the_caption_says_what_decides_the_numbers_and_takes_no_room_without(cosine: CurvePanel) -> None:
    cosine.show_result(result(5))
    assert cosine.caption.isHidden()
    cosine.show_result(repeated(result(5)))
    assert cosine.caption.isVisible()
    assert cosine.caption.text == "mean of 8 seeds, band: 95 % of them"
