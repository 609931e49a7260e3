"""What a sweep found comes into the grid cell by cell, and only these cells are painted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from core.sites.site import Site
from gui.surgery.grid_model import CellHeat
from gui.surgery.head_grid import HeadGrid
from gui.surgery.heat_painter import HeatPainter
from gui.theme.heat import heat
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


@pytest.mark.parametrize("signed", [True, False])
def test_that_colours_are_those_of_the_ramp_and_there_are_not_more_than_can_be_told_apart(
    signed: bool, theme: Theme
) -> None:
    painter = HeatPainter(theme)

    def ground(share: float) -> list[int]:
        image = QImage(9, 9, QImage.Format.Format_ARGB32)
        image.fill(0)
        on = QPainter(image)
        painter.paint(on, QRectF(image.rect()), CellHeat(share, "", lambda: "told", signed=signed))
        on.end()
        color = QColor(image.pixel(4, 4))
        return [color.red(), color.green(), color.blue()]

    for share in (-1.0, -0.4, 0.0, 0.25, 1.0, 7.0):
        wanted = heat(theme.palette, np.array(share), signed=signed)
        assert np.abs(np.array(ground(share)) - wanted).max() <= 1
    assert ground(0.25) == ground(0.2501)
    assert ground(math.nan) == ground(0.0)
