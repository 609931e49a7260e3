"""What a sweep found comes into the grid cell by cell, and only these cells are painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from core.sites.site import Site
from gui.surgery.grid_model import CellHeat
from gui.surgery.head_grid import HeadGrid
from gui.surgery.heat_painter import HeatPainter
from gui.theme.theme import Theme
from tests.fixtures.leaks import settle
from tests.gui.painted_parts import PaintedParts

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def heats(**shares: float) -> dict[Site, CellHeat]:
    """Return what was found in heads of layer 3, by name such as ``H5``."""
    return {
        Site("z", 3, int(name[1:])): CellHeat(share, f"{share:+.1f}", lambda: "told") for name, share in shares.items()
    }


def color(grid: HeadGrid, head: int) -> str:
    corner = grid.view.look.rect((4, head)).topLeft()
    return QColor(grid.view.viewport().grab().toImage().pixel(corner.x() + 4, corner.y() + 4)).name()


def test_that_only_cells_with_other_numbers_are_painted(qtbot: QtBot, grid: HeadGrid) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    grid.set_swept(heats(H5=0.5))
    settle(application)
    free = color(grid, 6)
    parts = PaintedParts(grid.view.viewport())
    grid.set_swept(heats(H5=0.5, H6=-1.0))
    qtbot.waitUntil(lambda: bool(parts.seen))
    assert parts.seen == [grid.view.look.rect((4, 6)).adjusted(-1, -1, 1, 1)]
    assert color(grid, 6) != free
    settle(application)
    parts.seen.clear()
    grid.set_swept(heats(H5=0.5, H6=-1.0))
    settle(application)
    assert parts.seen == []
    grid.set_swept(heats(H5=0.5))
    qtbot.waitUntil(lambda: bool(parts.seen))
    assert color(grid, 6) == free


def test_that_the_whole_grid_is_painted_when_the_colours_go(qtbot: QtBot, grid: HeadGrid) -> None:
    before = color(grid, 5)
    grid.set_swept(heats(H5=0.5))
    assert color(grid, 5) != before
    grid.set_swept({})
    assert color(grid, 5) == before


@pytest.mark.parametrize(("width", "is_written"), [(22, False), (60, True)])
def test_that_about_zero_does_not_stand_alone_among_signs(width: int, is_written: bool, theme: Theme) -> None:
    def painted(number: str) -> QImage:
        image = QImage(width, 16, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        HeatPainter(theme).paint(painter, QRectF(image.rect()), CellHeat(0.0, number, lambda: "told"))
        painter.end()
        return image

    assert (painted("≈0") != painted("")) == is_written
