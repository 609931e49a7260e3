"""Where what is drawn over the grid's cells begins."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF

from gui.surgery.grid_painter import leaving

BOX = QRectF(10, 10, 40, 20)


@pytest.mark.parametrize(
    ("to", "edge"),
    [
        (QPointF(130, 20), QPointF(50, 20)),
        (QPointF(30, -80), QPointF(30, 10)),
        (QPointF(-30, -10), QPointF(10, 10)),
        (QPointF(130, 70), QPointF(50, 30)),
        (QPointF(30, 20), QPointF(30, 20)),
    ],
)
def test_that_an_arrow_leaves_its_cell_at_the_edge_and_not_on_the_mark(to: QPointF, edge: QPointF) -> None:
    assert leaving(BOX, to) == edge
