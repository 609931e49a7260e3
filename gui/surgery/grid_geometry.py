"""Where the grid's cells stand, in pixels of its body: pure, without a window."""

from __future__ import annotations

from dataclasses import dataclass

from gui.surgery.grid_model import N_WIDE, Cell, GridModel

SMALLEST, LARGEST, FLATTEST = 14, 88, 9
WIDEST_SHAPE, TALLEST_SHAPE = 1.6, 1.35


@dataclass(frozen=True)
class Hit:
    """What is at a place: a cell with row and column, a row's label, or a column's label."""

    row: int | None = None
    column: int | None = None

    @property
    def cell(self) -> Cell | None:
        """The cell, where it is one."""
        return None if self.row is None or self.column is None else (self.row, self.column)

    def cells(self, model: GridModel) -> tuple[Cell, ...]:
        """Return all cells that are meant: a label means its whole row or column."""
        if self.cell is not None:
            return (self.cell,)
        if self.row is not None:
            return model.row_cells(self.row)
        return model.column_cells(self.column) if self.column is not None else ()


LABEL_STEPS = (1, 2, 4, 5, 10, 20, 50, 100)


@dataclass(frozen=True, kw_only=True)
class GridGeometry:
    """Sizes of the grid, in pixels.

    Attributes
    ----------
    cell_width, cell_height : int
        Of a head's cell, the gap to the next one included; a key-value head's spans its group of queries.
    wide_width : int
        Of a cell in the wide columns.
    gap : int
        Between cells.
    label_width, header_height : int
        Of the pinned row labels and column labels.
    group_gap : int
        Between heads and wide columns, below the embedding, and above the logits.
    left : int
        Free space left of everything, so that a small grid stands in the middle.
    """

    model: GridModel
    cell_width: int
    cell_height: int
    wide_width: int
    gap: int
    label_width: int
    header_height: int
    group_gap: int
    left: int

    @property
    def body_width(self) -> int:
        """Width of all cells."""
        return self.column_x(self.model.columns)

    @property
    def body_height(self) -> int:
        """Height of all cells."""
        return self.row_y(self.model.rows)

    def column_x(self, column: int) -> int:
        """Return the left edge of a column."""
        heads = min(column, self.model.head_columns)
        gap = self.group_gap if column >= self.model.head_columns else 0
        return heads * self.cell_width + (column - heads) * self.wide_width + gap

    def column_width(self, column: int) -> int:
        """Return the width of a column."""
        return self.cell_width if column < self.model.head_columns else self.wide_width

    def row_y(self, row: int) -> int:
        """Return the upper edge of a row."""
        gaps = (row > 0) + (self.model.has_logits and row > self.model.n_layers)
        return row * self.cell_height + gaps * self.group_gap

    def rect(self, cell: Cell) -> tuple[int, int, int, int]:
        """Return x, y, width and height of what is painted of a cell."""
        row, column = cell
        return (
            self.column_x(column),
            self.row_y(row),
            self.column_width(column) - self.gap,
            self.cell_height - self.gap,
        )

    def column_at(self, x: float) -> int | None:
        """Return the column at a place, or None beside them and between the groups."""
        heads = self.model.head_columns * self.cell_width
        if 0 <= x < heads:
            return int(x // self.cell_width)
        wide = (x - heads - self.group_gap) // self.wide_width
        return self.model.head_columns + int(wide) if 0 <= wide < N_WIDE else None

    def row_at(self, y: float) -> int | None:
        """Return the row at a place, or None beside them, below the embedding and above the logits."""
        row = int((y - self.group_gap) // self.cell_height) if y >= self.cell_height else 0
        if row > self.model.n_layers:
            row = max(self.model.n_layers, int((y - 2 * self.group_gap) // self.cell_height))
        there = 0 <= row < self.model.rows and 0 <= y - self.row_y(row) < self.cell_height
        return row if there else None

    def cell_at(self, x: float, y: float) -> Cell | None:
        """Return the cell at a place."""
        row, column = self.row_at(y), self.column_at(x)
        if row is None or column is None or not self.model.has((row, column)):
            return None
        return (row, column)

    def hit(self, x: float, y: float, across: int, down: int) -> Hit:
        """Return what is at a place of the viewport, scrolled by ``across`` and ``down``."""
        inner_x, inner_y = x - self.left - self.label_width, y - self.header_height
        if inner_x < 0 and inner_y < 0:
            return Hit()
        if inner_x < 0:
            return Hit(row=self.row_at(inner_y + down)) if x >= self.left else Hit()
        if inner_y < 0:
            return Hit(column=self.column_at(inner_x + across))
        cell = self.cell_at(inner_x + across, inner_y + down)
        return Hit() if cell is None else Hit(*cell)

    def nearest(self, x: float, y: float) -> Cell | None:
        """Return the cell at a place, or the one at the edge that a drag beyond it means."""
        return self.cell_at(min(max(x, 0), self.body_width - 1), min(max(y, 0), self.body_height - 1))

    def columns_in(self, x: float, width: float) -> range:
        """Return the columns that may be seen between two places."""
        return _seen([self.column_x(c) for c in range(self.model.columns + 1)], x, width)

    def rows_in(self, y: float, height: float) -> range:
        """Return the rows that may be seen between two places."""
        return _seen([self.row_y(r) for r in range(self.model.rows + 1)], y, height)


def _seen(edges: list[int], start: float, length: float) -> range:
    inside = [i for i in range(len(edges) - 1) if edges[i + 1] > start and edges[i] < start + length]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def fitted(
    model: GridModel, width: int, height: int, *, scale: float, label_width: int, header_height: int, wide_label: int
) -> GridGeometry:
    """Return the geometry that fills a viewport best: cells between their smallest and largest size.

    Parameters
    ----------
    width, height : int
        Of the viewport.
    scale : float
        Text size in force: cells keep their proportion to the text.
    wide_label : int
        Pixels that the longest label of the wide columns needs.
    """
    smallest, largest, flattest = (round(size * scale) for size in (SMALLEST, LARGEST, FLATTEST))
    group_gap = round(min(max(height / 40, 4 * scale), 10 * scale))
    room = width - label_width - group_gap - 2
    even = room // (model.n_heads + N_WIDE)
    across = even if even >= wide_label else (room - N_WIDE * wide_label) // max(model.n_heads, 1)
    across = min(max(across, smallest), largest)
    down = (height - header_height - (1 + model.has_logits) * group_gap - 2) // model.rows
    down = min(max(down, flattest), largest, round(max(across, smallest) * TALLEST_SHAPE))
    across = max(min(across, round(down * WIDEST_SHAPE)), smallest)
    wide = max(wide_label, across)
    head = model.n_heads * across // model.head_columns
    body = model.head_columns * head + N_WIDE * wide + group_gap
    return GridGeometry(
        model=model,
        cell_width=head,
        cell_height=down,
        wide_width=wide,
        gap=min(max(min(across, down) // 10, 1), 5),
        label_width=label_width,
        header_height=header_height,
        group_gap=group_gap,
        left=max((width - label_width - body) // 2, 0),
    )


def label_step(size: float, needed: float) -> int:
    """Return every how many cells of a size a label that needs some room can stand."""
    return next((step for step in LABEL_STEPS if step * size >= needed), LABEL_STEPS[-1])
