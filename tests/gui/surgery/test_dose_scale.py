"""From a slider's steps to a dose and back."""

from __future__ import annotations

import pytest

from gui.surgery.dose_scale import DoseScale, dose_scale


@pytest.mark.parametrize(("low", "high"), [(0.0, 4.0), (-2.0, 3.0), (0.0, 1.0), (0.0, 100.0), (0.0, 1e-3)])
def test_that_every_step_has_one_dose_and_back(low: float, high: float) -> None:
    scale = DoseScale(low, high)
    assert 100 <= scale.steps <= 1000
    assert scale.value(0) == low
    assert scale.value(scale.steps) == pytest.approx(high)
    assert all(scale.step_of(scale.value(step)) == step for step in range(scale.steps + 1))


def test_that_doses_are_round() -> None:
    assert [dose_scale(-2, 3, 1.0).value(step) for step in (0, 37, 200, 300)] == [-2, -1.63, 0, 1]


def test_that_a_dose_outside_the_range_is_shown_at_its_end() -> None:
    scale = dose_scale(0, 4, 0.0)
    assert scale.step_of(10) == scale.steps
    assert scale.fraction(-3) == 0


def test_that_a_drag_near_an_anchor_snaps_to_it() -> None:
    scale = dose_scale(-2, 3, 1.0)
    assert scale.value(scale.at(0.605)) == 1
    assert scale.value(scale.at(0.63)) == 1.15
    assert scale.value(scale.at(7)) == 3


def test_that_anchors_are_the_whole_numbers_and_the_dose_that_changes_nothing() -> None:
    assert dose_scale(0, 2, 0.5).anchors == (0.5, 0, 1, 2)
    assert dose_scale(0, 100, 1.0).anchors == (1.0,)
    assert dose_scale(0, 100, None).anchors == ()
