"""A stroke over the grid: which cells a drag changes. Pure, without a window."""

from __future__ import annotations

from gui.surgery.grid_model import Cell, GridModel, line


class Stroke:
    """Cells painted by one drag: all are added if the first was free, else all are taken off.

    Parameters
    ----------
    taken : frozenset of cell
        Where a click takes off.
    """

    def __init__(self, model: GridModel, start: Cell, taken: frozenset[Cell]) -> None:
        self._model, self._taken, self._last = model, taken, start
        self.add = start not in taken
        self._cells: dict[Cell, None] = {start: None}

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells so far, each once, in the order they were met."""
        return tuple(self._cells)

    def extend(self, to: Cell) -> None:
        """Go on to a cell, on the straight way."""
        for cell in line(self._last, to):
            if self._model.has(cell) and (cell in self._taken) != self.add:
                self._cells[cell] = None
        self._last = to
