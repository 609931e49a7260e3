"""The band between two curves: whole where both are numbers, and nowhere else."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF

from gui.widgets.curve_band import band_path


def test_that_the_band_lies_between_the_two_curves() -> None:
    path = band_path(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 4.0]))
    for inside in (QPointF(0.1, 0.5), QPointF(1, 2), QPointF(1.9, 2.0)):
        assert path.contains(inside)
    for outside in (QPointF(1, 0.5), QPointF(1, 3.5), QPointF(2.1, 3)):
        assert not path.contains(outside)


def test_that_it_begins_at_the_depth_that_is_asked_for() -> None:
    path = band_path(np.array([-30.0, 1.0, 2.0]), np.array([-20.0, 3.0, 4.0]), 1)
    assert path.boundingRect().left() == 1
    assert path.boundingRect().top() == 1


def test_that_where_a_bound_is_no_number_there_is_a_gap() -> None:
    low = np.array([0.0, 0.0, np.nan, 0.0, 0.0])
    path = band_path(low, low + 1)
    assert path.contains(QPointF(0.5, 0.5))
    assert path.contains(QPointF(3.5, 0.5))
    assert not path.contains(QPointF(2.0, 0.5))
    assert band_path(np.full(3, np.nan), np.zeros(3)).isEmpty()
