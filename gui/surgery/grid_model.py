"""The grid's cells and what is marked on them: pure, without a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.interventions.plan import ParamValue
from core.sites.site import Site

if TYPE_CHECKING:
    from core.models.info import ModelInfo

Cell = tuple[int, int]
"""Row (0 is the embedding, layer l is l + 1) and column (heads first, then the wide columns)."""

WIDE_COLUMNS = (("attn_out", "ATTN"), ("mlp_out", "MLP"), ("block", "BLOCK"), ("resid_post", "RESID"))
Coverage = Literal["exact", "overlap", "elsewhere"]
RANKS: tuple[Coverage, ...] = ("exact", "overlap", "elsewhere")


@dataclass(frozen=True)
class GridIncision:
    """One incision of the plan, as the grid needs it.

    Attributes
    ----------
    positions : tuple of int
        Tokens of the prompt at hand, ascending; empty where they could not be found.
    params : tuple of (str, value)
    problem : str or None
        Why it is not applied.
    """

    site: Site
    positions: tuple[int, ...]
    operation: str
    params: tuple[tuple[str, ParamValue], ...] = ()
    enabled: bool = True
    problem: str | None = None


@dataclass(frozen=True)
class CellMark:
    """What is drawn on a cell that has incisions.

    Attributes
    ----------
    incision : GridIncision
        The one that is drawn: nearest to the chosen tokens, enabled before disabled, latest first.
    coverage : {"exact", "overlap", "elsewhere"}
        Whether it is at just the chosen tokens, at some of them, or at none.
    count : int
        How many incisions the cell has.
    """

    incision: GridIncision
    coverage: Coverage
    count: int


@dataclass(frozen=True)
class GridModel:
    """The cells of a model: the embedding, then heads and wide columns for each layer."""

    n_layers: int
    n_heads: int

    @property
    def rows(self) -> int:
        """Number of rows, the embedding's included."""
        return self.n_layers + 1

    @property
    def columns(self) -> int:
        """Number of columns, the wide ones included."""
        return self.n_heads + len(WIDE_COLUMNS)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells in reading order."""
        return tuple(
            (row, column) for row in range(self.rows) for column in range(self.columns) if self.has((row, column))
        )

    def has(self, cell: Cell) -> bool:
        """Whether there is such a cell; the embedding's row has only its last."""
        row, column = cell
        return 0 <= row < self.rows and 0 <= column < self.columns and (row > 0 or column == self.columns - 1)

    def site(self, cell: Cell) -> Site:
        """Return the site of a cell."""
        row, column = cell
        if row == 0:
            return Site("embed")
        if column < self.n_heads:
            return Site("z", row - 1, column)
        return Site(WIDE_COLUMNS[column - self.n_heads][0], row - 1)

    def cell(self, site: Site) -> Cell | None:
        """Return the cell of a site, or None where this model has none."""
        if site.layer is None:
            return (0, self.columns - 1)
        names = [name for name, _ in WIDE_COLUMNS]
        if site.head is not None:
            column = site.head
        elif site.hook_point in names:
            column = self.n_heads + names.index(site.hook_point)
        else:
            return None
        inside = site.layer < self.n_layers and (site.head is None or site.head < self.n_heads)
        return (site.layer + 1, column) if inside else None

    def row_label(self, row: int) -> str:
        """Return the name of a row."""
        return "embed" if row == 0 else f"L{row - 1}"

    def column_label(self, column: int) -> str:
        """Return the name of a column."""
        return str(column) if column < self.n_heads else WIDE_COLUMNS[column - self.n_heads][1]

    def row_cells(self, row: int) -> tuple[Cell, ...]:
        """Return what a click on a row's label means: the heads of a layer, or the embedding."""
        return tuple((row, column) for column in range(self.n_heads)) if row else ((0, self.columns - 1),)

    def column_cells(self, column: int) -> tuple[Cell, ...]:
        """Return what a click on a column's label means: that part of every layer."""
        return tuple((row, column) for row in range(1, self.rows))

    def rectangle(self, one: Cell, other: Cell) -> tuple[Cell, ...]:
        """Return the cells of the rectangle between two corners, in reading order."""
        rows = range(min(one[0], other[0]), max(one[0], other[0]) + 1)
        columns = range(min(one[1], other[1]), max(one[1], other[1]) + 1)
        return tuple((row, column) for row in rows for column in columns if self.has((row, column)))

    def stepped(self, cell: Cell, rows: int, columns: int) -> Cell:
        """Return the cell some steps away, stopping at the edge; the embedding is above the last column only."""
        row = min(max(cell[0] + rows, 0), self.rows - 1)
        column = min(max(cell[1] + columns, 0), self.columns - 1)
        if row == 0 and column != self.columns - 1:
            row = 1 if cell[0] else 0
            column = column if row else self.columns - 1
        return (row, column)


def grid_model(info: ModelInfo | None) -> GridModel | None:
    """Return the cells of a loaded model."""
    return None if info is None else GridModel(info.n_layers, info.n_heads)


def line(start: Cell, end: Cell) -> tuple[Cell, ...]:
    """Return the cells on the straight way between two, both included, so that a fast drag skips none."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    if steps == 0:
        return (start,)
    return tuple(
        (round(start[0] + (end[0] - start[0]) * i / steps), round(start[1] + (end[1] - start[1]) * i / steps))
        for i in range(steps + 1)
    )


def coverage(positions: Iterable[int], chosen: Iterable[int]) -> Coverage:
    """Return how an incision's tokens lie to the chosen ones."""
    here, wanted = set(positions), set(chosen)
    if here == wanted and here:
        return "exact"
    return "overlap" if here & wanted else "elsewhere"


def incisions_at(incisions: Iterable[GridIncision], site: Site) -> tuple[GridIncision, ...]:
    """Return the incisions of one site, in plan order."""
    return tuple(incision for incision in incisions if incision.site == site)


def cell_marks(model: GridModel, incisions: Iterable[GridIncision], chosen: tuple[int, ...]) -> Mapping[Cell, CellMark]:
    """Return what is drawn on each cell that has incisions."""
    marks: dict[Cell, CellMark] = {}
    for incision in incisions:
        cell = model.cell(incision.site)
        if cell is None:
            continue
        made = CellMark(incision, coverage(incision.positions, chosen), 1)
        before = marks.get(cell)
        if before is not None:
            shown = made if _order(made) <= _order(before) else before
            made = CellMark(shown.incision, shown.coverage, before.count + 1)
        marks[cell] = made
    return marks


def _order(mark: CellMark) -> tuple[int, bool]:
    return (RANKS.index(mark.coverage), not mark.incision.enabled)


def exact_at(incisions: Iterable[GridIncision], chosen: tuple[int, ...]) -> GridIncision | None:
    """Return which of a site's incisions a click is about: the one that is drawn, at just the chosen tokens."""
    exact = [each for each in incisions if coverage(each.positions, chosen) == "exact"]
    return next((each for each in reversed(exact) if each.enabled), exact[-1] if exact else None)


def occupied(marks: Mapping[Cell, CellMark], operation: str) -> frozenset[Cell]:
    """Return the cells where a click takes off: those with the operation in hand at just the chosen tokens."""
    return frozenset(
        cell for cell, mark in marks.items() if mark.coverage == "exact" and mark.incision.operation == operation
    )


def toggle_of(cells: Iterable[Cell], taken: frozenset[Cell]) -> tuple[tuple[Cell, ...], bool]:
    """Return which of some cells change, and whether by adding: all are filled, or if all are full, emptied."""
    wanted = tuple(cells)
    missing = tuple(cell for cell in wanted if cell not in taken)
    return (missing, True) if missing else (wanted, False)
