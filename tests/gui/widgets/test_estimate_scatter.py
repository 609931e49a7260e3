"""Estimates against what was run: the plot says which of the two ways that was."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.runs.sweep_request import Method
from gui.theme.theme import Theme
from gui.widgets.estimate_scatter import EstimateScatter
from gui.widgets.sweep_picture import picture
from tests.fixtures.made_sweeps import finished, screened

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize(("method", "words"), [("exact", "exact"), ("bf16", "in bf16")])
def test_that_cells_in_bf16_are_not_called_exact(qtbot: QtBot, method: Method, words: str) -> None:
    sweep = finished()
    sweep = replace(sweep, request=replace(sweep.request, method=method), bf16=method == "bf16")
    estimates = screened(sweep)
    shown = picture(sweep, "d_log_prob", 0, estimates)
    scatter = EstimateScatter(Theme("light"))
    qtbot.addWidget(scatter)
    assert shown is not None and scatter.show_picture(shown, estimates)
    assert scatter.plot.getAxis("left").labelText == words


def test_that_a_dot_says_which_cell_it_is_and_is_picked_as_one(qtbot: QtBot) -> None:
    sweep = finished()
    estimates = screened(sweep)
    shown = picture(sweep, "d_log_prob", 0, estimates)
    scatter = EstimateScatter(Theme("light"))
    qtbot.addWidget(scatter)
    assert shown is not None and scatter.show_picture(shown, estimates)
    dots = scatter.points.points()
    pointed: list[int | None] = []
    scatter.pointed.connect(pointed.append)
    scatter.points.sigHovered.emit(scatter.points, dots[3:4], None)
    scatter.points.sigHovered.emit(scatter.points, dots[:0], None)
    assert pointed == [int(dots[3].data()), None]
    with qtbot.waitSignal(scatter.picked) as picked:
        scatter.points.sigClicked.emit(scatter.points, dots[3:4], None)
    assert picked.args == [pointed[0]]
    place = dots[3].pos()
    number = pointed[0]
    assert number is not None and estimates.d_log_prob is not None and sweep.d_log_prob is not None
    assert (place.x(), place.y()) == pytest.approx((estimates.d_log_prob[number], sweep.d_log_prob[number]))


def test_that_negative_numbers_have_true_minus_signs(qtbot: QtBot) -> None:
    scatter = EstimateScatter(Theme("light"))
    qtbot.addWidget(scatter)
    assert scatter.plot.getAxis("bottom").tickStrings([-0.5, 0.5], 1, 0.5) == ["\N{MINUS SIGN}0.5", "0.5"]


@pytest.mark.parametrize("size", [(400, 150), (1600, 900)])
def test_that_numbers_are_written_as_they_are_also_in_another_theme(qtbot: QtBot, size: tuple[int, int]) -> None:
    theme = Theme("light")
    scatter = EstimateScatter(theme)
    qtbot.addWidget(scatter)
    scatter.resize(*size)
    scatter.show()
    scatter.plot.setRange(xRange=(-0.5, 0.3), yRange=(-0.5, 0.3), padding=0)
    scatter.plot.setLabel("bottom", "estimate")
    theme.use(name="dark")
    scatter.plot.setRange(xRange=(-0.4, 0.2), yRange=(-0.5, 0.3), padding=0)
    axis = scatter.plot.getAxis("bottom")
    assert axis.label.isVisible()
    assert axis.autoSIPrefixScale == 1.0
