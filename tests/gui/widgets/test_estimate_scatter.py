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
