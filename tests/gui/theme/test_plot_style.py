"""Plots take their looks from the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from gui.theme.plot_style import apply_plot_style, line_pen, symbol_brush, symbol_size
from gui.theme.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_that_rows_of_an_array_are_rows_on_the_screen(qtbot: QtBot) -> None:
    image = pg.ImageItem(np.zeros((3, 5)))
    assert (image.width(), image.height()) == (5, 3)


def test_that_a_plot_takes_background_and_axes_from_the_theme(qtbot: QtBot) -> None:
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    for name in ("light", "dark"):
        theme = Theme(name)
        apply_plot_style(plot, theme)
        assert plot.backgroundBrush().color().name() == theme.palette.surface
        assert plot.getAxis("left").textPen().color().name() == theme.palette.text_muted


def test_that_a_larger_text_size_gives_thicker_lines_and_larger_tick_labels(qtbot: QtBot) -> None:
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    sizes = []
    for scale in (1.0, 2.0):
        theme = Theme("light", scale)
        apply_plot_style(plot, theme)
        sizes.append((line_pen(theme, "#000000").widthF(), plot.getAxis("left").style["tickFont"].pixelSize()))
    assert sizes[1] == (2 * sizes[0][0], 2 * sizes[0][1])


def test_that_clean_pens_are_dashed_and_operated_ones_solid(qtbot: QtBot) -> None:
    theme = Theme()
    assert line_pen(theme, "#123456", dashed=True).style() == Qt.PenStyle.CustomDashLine
    assert line_pen(theme, "#123456").style() == Qt.PenStyle.SolidLine
    assert symbol_brush(theme, "#123456", filled=False).color().name() == theme.palette.surface
    assert symbol_brush(theme, "#123456", filled=True).color().name() == "#123456"


def test_that_symbols_shrink_and_vanish_before_they_touch() -> None:
    theme = Theme()
    sizes = [symbol_size(theme, spacing) for spacing in (6, 10, 30)]
    assert sizes[0] == 0
    assert sizes == sorted(set(sizes))
    assert all(size < spacing for size, spacing in zip(sizes, (6, 10, 30), strict=True))
