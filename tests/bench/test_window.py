"""The structure of what is measured in the window; how fast anything is, is no matter of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.window import SPECIMEN, lateness, measure, table

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def test_that_clicks_ticks_and_a_dragged_dose_are_measured_in_the_window(qapp: QApplication) -> None:
    found = measure(SPECIMEN, clicks=2, values=12, shortest=0.1)
    clicks, drag = found["clicks"], found["drag"]
    assert clicks["curves"] == 2
    assert 0 < clicks["p50"] <= clicks["p95"]
    assert [each["kind"] for each in found["ticks"]] == ["layer head", "layer token"]
    for each in found["ticks"]:
        assert each["ticks"] > 10
        assert 0 <= each["p99"] <= each["most"]
    assert 1 <= drag["begun"] <= drag["asked"]
    assert drag["most_waiting"] <= 1
    assert drag["last_shown"]
    assert "last shown: yes" in table(found)


def test_that_a_tick_that_was_left_out_is_as_late_as_the_next_one() -> None:
    assert lateness(1.0, [1.005, 1.010, 1.025, 1.031]) == pytest.approx([0, 0, 10, 5, 0, 1], abs=1e-6)
