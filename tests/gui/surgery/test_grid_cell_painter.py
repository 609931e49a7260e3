"""What a cell of the grid says at each size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from gui.surgery.grid_cell_painter import CellPainter

if TYPE_CHECKING:
    from gui.theme.theme import Theme

pytestmark = pytest.mark.usefixtures("qapp")


def drawn(theme: Theme, operation: str, dose: str, width: int, height: int) -> QImage:
    """Return a cell as it is painted."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    CellPainter(theme).full(painter, QRectF(0, 0, width, height), operation, dose)
    painter.end()
    return image


@pytest.mark.parametrize(("sign", "dose"), [("~", "1"), ("k", "-1"), ("k", "0.5"), ("×", "")])
def test_that_a_low_cell_says_mark_and_dose_in_one_line(theme: Theme, sign: str, dose: str) -> None:
    text, size = CellPainter(theme).one_line(38, 22, sign, dose)
    assert text == sign + dose
    assert size >= 9


def test_that_a_narrow_cell_says_the_dose_and_a_tiny_one_the_mark(theme: Theme) -> None:
    font = theme.font(14, bold=True)
    font.setPixelSize(9)
    metrics = QFontMetricsF(font)
    only_dose = (metrics.horizontalAdvance("0.5") + metrics.horizontalAdvance("k0.5")) / 2 + 4
    assert CellPainter(theme).one_line(only_dose, 20, "k", "0.5")[0] == "0.5"
    assert CellPainter(theme).one_line(14, 14, "k", "0.375")[0] == "k"


def test_that_two_doses_do_not_look_the_same_at_projector_size(theme: Theme) -> None:
    assert drawn(theme, "scale", "0.5", 38, 22) != drawn(theme, "scale", "-1", 38, 22)
