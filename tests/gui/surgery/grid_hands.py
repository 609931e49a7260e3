"""Hands on the grid alone: where its cells are, how they are clicked, and what it wished for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt

from core.sites.site import Site, parse_site
from gui.surgery.grid_model import Cell, GridIncision

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from gui.surgery.head_grid import HeadGrid

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class Listener:
    """Remembers what a grid wished for."""

    def __init__(self, grid: HeadGrid) -> None:
        self.toggled: list[tuple[list[str], bool]] = []
        self.hovered: list[str] = []
        grid.cellsToggled.connect(self._on_toggled)
        grid.hovered.connect(self._on_hovered)

    def _on_toggled(self, sites: tuple[Site, ...], add: bool) -> None:
        self.toggled.append(([str(site) for site in sites], add))

    def _on_hovered(self, site: Site | None) -> None:
        self.hovered.append(str(site))


def middle(grid: HeadGrid, cell: Cell) -> QPoint:
    return grid.view.look.rect(cell).center()


def label(grid: HeadGrid, row: int = -1, column: int = -1) -> QPoint:
    """Return the place of a row's or a column's label."""
    geometry = grid.view.look.geometry
    assert geometry is not None
    if row >= 0:
        return QPoint(geometry.left + 8, middle(grid, (row, geometry.model.columns - 1)).y())
    return QPoint(middle(grid, (1, column)).x(), 8)


def press(qtbot: QtBot, grid: HeadGrid, place: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    qtbot.mouseClick(grid.view.viewport(), LEFT, keys, place)


def key(qtbot: QtBot, grid: HeadGrid, *names: str, keys: Qt.KeyboardModifier = NONE) -> None:
    for name in names:
        qtbot.keyClick(grid.view, getattr(Qt.Key, f"Key_{name}"), keys)


def cut(site: str, *positions: int, operation: str = "silence") -> GridIncision:
    return GridIncision(parse_site(site), positions, operation)
