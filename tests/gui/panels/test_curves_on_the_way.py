"""The curve panels draw a run that takes long as far as it has come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core.runs import descent
from core.runs.events import Deeper
from gui.panels.cosine_curve import CosineCurve
from gui.panels.log_prob_curve import LogProbCurve
from gui.theme.theme import Theme
from gui.widgets.curve_panel import CurvePanel
from tests.fixtures.made_results import repeated, result
from tests.gui.hands import Hands
from tests.gui.worker.gate import Gate

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pytestqt.qtbot import QtBot

    from core.runs.result import RunResult


@pytest.fixture(params=[CosineCurve, LogProbCurve])
def panel(request: pytest.FixtureRequest, qtbot: QtBot) -> CurvePanel:
    made: CurvePanel = request.param(Theme("light"))
    qtbot.addWidget(made)
    made.resize(640, 360)
    made.show()
    qtbot.waitExposed(made)
    return made


def drawn(panel: CurvePanel, side: str = "operated") -> list[NDArray[np.float64]]:
    """Return the curves of a side that are to be seen."""
    return [item.getOriginalDataset()[1] for item in getattr(panel.plot, f"_{side}") if item.isVisible()]


def on_the_way(made: RunResult, reached: int, shift: float = -0.05) -> Deeper:
    """Return what is told of a run like this one, down to a depth."""
    curves = {}
    for lens, each in made.operated.curves.items():
        values = each.values + shift
        values[:, reached + 1 :] = np.nan
        curves[lens] = replace(each, values=values)
    return Deeper(made.request, curves)


def test_that_operated_curves_are_drawn_down_to_where_the_run_has_come(panel: CurvePanel) -> None:
    made = result(5)
    panel.show_result(made)
    clean, rows = drawn(panel, "clean"), panel.readout.rows
    for reached in (1, 3):
        event = on_the_way(made, reached)
        panel.show_deeper(event)
        assert len(drawn(panel)) == len(event.curves[panel.lens].values)
        for curve, values in zip(drawn(panel), event.curves[panel.lens].values, strict=True):
            np.testing.assert_array_equal(curve[1:], values[1:])
            assert np.isfinite(curve[1 : reached + 1]).all()
            assert np.isnan(curve[reached + 1 :]).all()
    for before, after in zip(clean, drawn(panel, "clean"), strict=True):
        np.testing.assert_array_equal(before[1:], after[1:])
    # Numbers are of a whole run, also under the crosshair.
    panel.plot._place_crosshair(5)
    assert [row.operated for row in panel.readout.rows] == [row.operated for row in rows]
    panel.show_result(made)
    assert all(np.isfinite(curve[1:]).all() for curve in drawn(panel))


def test_that_a_run_that_comes_to_no_end_leaves_the_curves_of_the_last_result(panel: CurvePanel) -> None:
    made = repeated(result(5))
    panel.show_result(made)
    before, bands = drawn(panel), [band.isVisible() for band in panel.plot._bands]
    assert all(bands)
    panel.set_stale(True)
    panel.show_deeper(on_the_way(made, 2))
    assert not any(band.isVisible() for band in panel.plot._bands)
    panel.set_stale(False)
    for was, now in zip(before, drawn(panel), strict=True):
        np.testing.assert_array_equal(was, now)
    assert [band.isVisible() for band in panel.plot._bands] == bands


def test_that_another_question_waits_for_its_result(panel: CurvePanel) -> None:
    made = result(5)
    panel.show_deeper(on_the_way(made, 2))
    assert panel.reason
    panel.show_result(made)
    before = drawn(panel)
    event = on_the_way(made, 2)
    panel.show_deeper(replace(event, request=replace(event.request, ids=(1, 2, 3))))
    for was, now in zip(before, drawn(panel), strict=True):
        np.testing.assert_array_equal(was, now)


class Onlooker:
    """Notes what of the operated curve is drawn whenever a run tells how far it has come."""

    def __init__(self, hands: Hands) -> None:
        panel = hands.window.panels["log_prob_curve"]
        assert isinstance(panel, CurvePanel)
        self.panel = panel
        self.plans: list[int] = []
        self.reached: list[int] = []
        hands.controller.deeper.connect(self._on_controller_deeper)

    def _on_controller_deeper(self, event: Deeper) -> None:
        self.plans.append(len(event.request.plan))
        self.reached.append(int(np.isfinite(drawn(self.panel)[0]).sum()))


@pytest.fixture
def slow(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> Onlooker:
    """The window on a model whose every run is taken for a slow one."""
    monkeypatch.setattr(descent, "SLOW_S", 0.0)
    monkeypatch.setattr(descent, "BETWEEN_S", 0.0)
    return Onlooker(hands)


def test_that_a_slow_run_is_drawn_layer_by_layer_in_the_window(hands: Hands, slow: Onlooker) -> None:
    hands.click_cell("L0H0.z")
    hands.wait_until_quiet()
    n_layers = hands.results[-1].model.n_layers
    assert len(slow.reached) == n_layers - 1
    assert slow.reached == sorted(set(slow.reached))
    assert slow.reached[-1] < n_layers + 1
    np.testing.assert_array_equal(drawn(slow.panel)[0], hands.results[-1].operated.curves["log_prob"].values[0])


def test_that_a_newer_click_drops_the_curves_of_the_older_run(hands: Hands, slow: Onlooker) -> None:
    gate = Gate(hands)
    try:
        hands.click_cell("L0H0.z")
        gate.wait_for_a_pass()
        hands.click_cell("L0H1.z")
        gate.open()
        hands.wait_until_quiet()
    finally:
        gate.remove()
    assert slow.plans
    assert set(slow.plans) == {2}
