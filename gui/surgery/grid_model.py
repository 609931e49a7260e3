"""The grid's cells and what is marked on them: pure, without a window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from core.interventions.plan import ParamValue
from core.sites.hook_point import HOOK_POINTS
from core.sites.site import Site
from gui.surgery.grid_points import COLUMN_LABELS, GridPoints, group_of, sign_of

if TYPE_CHECKING:
    from core.models.info import ModelInfo

Cell = tuple[int, int]
"""Row (0 is the embedding, layer l is l + 1, then the logits) and column (heads first, then the wide columns)."""

N_WIDE = len(GridPoints().wide)
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
    receiver : Site or None
        The only site that its change is carried to.
    """

    site: Site
    positions: tuple[int, ...]
    operation: str
    params: tuple[tuple[str, ParamValue], ...] = ()
    enabled: bool = True
    problem: str | None = None
    receiver: Site | None = None


@dataclass(frozen=True)
class CellMark:
    """What is drawn on a cell that has incisions.

    Attributes
    ----------
    incision : GridIncision
        The one that is drawn: at the hook point the cell stands for before others, nearest to the
        chosen tokens, enabled before disabled, latest first.
    coverage : {"exact", "overlap", "elsewhere"}
        Whether it is at just the chosen tokens, at some of them, or at none.
    count : int
        How many incisions the cell has.
    signs : tuple of str
        The hook points of those that are at another one than the cell stands for.
    own : bool
        Whether the one that is drawn is at the hook point the cell stands for.
    """

    incision: GridIncision
    coverage: Coverage
    count: int
    signs: tuple[str, ...] = ()
    own: bool = True


@dataclass(frozen=True)
class CellHeat:
    """What a sweep found at a place.

    Attributes
    ----------
    share : float
        The number, divided by the largest whose colour is told apart.
    number : str
        The number, short enough to stand in a cell.
    tell : callable
        Returns all that was found there, in words; asked only for the cell that is pointed at.
    signed : bool
        Whether there are numbers below zero.
    estimated : bool
        Whether the number is only an estimate.
    """

    share: float
    number: str
    tell: Callable[[], str] = field(compare=False)
    signed: bool = True
    estimated: bool = False

    @property
    def words(self) -> str:
        """All that was found there."""
        return self.tell()

    @property
    def sign(self) -> str:
        """The sign alone, or nothing where the number is next to none."""
        if not self.signed or abs(self.share) < 0.05:
            return ""
        return "+" if self.share > 0 else "\N{MINUS SIGN}"


@dataclass(frozen=True)
class GridModel:
    """The cells of a model: the embedding, then heads and wide columns for each layer, and the logits.

    Attributes
    ----------
    n_layers, n_heads : int
    n_key_value_heads : int
        0 where there are as many as heads.
    has_logits : bool
    points : GridPoints
        Which hook point each kind of cell stands for.
    """

    n_layers: int
    n_heads: int
    n_key_value_heads: int = 0
    has_logits: bool = False
    points: GridPoints = field(default_factory=GridPoints)

    @property
    def rows(self) -> int:
        """Number of rows, those of the embedding and the logits included."""
        return self.n_layers + 1 + self.has_logits

    @property
    def head_columns(self) -> int:
        """Number of head columns: keys and values may have fewer heads than queries."""
        return self._heads(self.points.head)

    @property
    def columns(self) -> int:
        """Number of columns, the wide ones included."""
        return self.head_columns + N_WIDE

    @property
    def group(self) -> int:
        """How many query heads share a key-value head."""
        return max(self.n_heads // max(self.n_key_value_heads or self.n_heads, 1), 1)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells in reading order."""
        return tuple(
            (row, column) for row in range(self.rows) for column in range(self.columns) if self.has((row, column))
        )

    def is_layer(self, row: int) -> bool:
        """Whether a row is a layer's, and not the embedding's or the logits'."""
        return 1 <= row <= self.n_layers

    def has(self, cell: Cell) -> bool:
        """Whether there is such a cell; the rows of embedding and logits have only their last."""
        row, column = cell
        inside = 0 <= row < self.rows and 0 <= column < self.columns
        return inside and (self.is_layer(row) or column == self.columns - 1)

    def site(self, cell: Cell) -> Site:
        """Return the site of a cell."""
        row, column = cell
        if not self.is_layer(row):
            return Site("logits" if row else "embed")
        if column < self.head_columns:
            return Site(self.points.head, row - 1, column)
        name = self.points.wide[column - self.head_columns]
        return Site(name, row - 1, neuron=self.points.neuron if HOOK_POINTS[name].per_neuron else None)

    def cell(self, site: Site) -> Cell | None:
        """Return the cell that stands for a site, or None where there is none, or it stands for another now."""
        return _cells_by_site(self).get(site)

    def cells_of(self, site: Site) -> tuple[Cell, ...]:
        """Return the cells that a site belongs to, whichever hook point they stand for now."""
        last = self.columns - 1
        if site.layer is None:
            there = {"embed": ((0, last),), "logits": ((self.n_layers + 1, last),) if self.has_logits else ()}
            return there[site.hook_point]
        if site.layer >= self.n_layers:
            return ()
        row = site.layer + 1
        if site.point.per_head:
            return tuple((row, column) for column in self._columns_of(site))
        group = group_of(site.hook_point)
        name = site.hook_point if group is None else self.points.of(group)
        return ((row, self.head_columns + self.points.wide.index(name)),)

    def _heads(self, name: str) -> int:
        return self.n_heads // self.group if HOOK_POINTS[name].heads == "key_value" else self.n_heads

    def _columns_of(self, site: Site) -> range:
        """Return the head columns that a site's head has a share in: all where it names none."""
        there, here = self._heads(site.hook_point), self.head_columns
        if site.head is None:
            return range(here)
        if site.head >= there:
            return range(0)
        first = site.head * here // there
        return range(first, first + max(here // there, 1))

    def row_label(self, row: int) -> str:
        """Return the name of a row."""
        return f"L{row - 1}" if self.is_layer(row) else "logits" if row else "embed"

    def column_label(self, column: int) -> str:
        """Return the name of a column."""
        heads = self.head_columns
        return str(column) if column < heads else COLUMN_LABELS[self.points.wide[column - heads]]

    def shared_label(self, column: int) -> str:
        """Return which query heads a key-value head's column is for, or nothing where each has its own."""
        if self.head_columns == self.n_heads or column >= self.head_columns:
            return ""
        first = column * self.group
        return f"for heads {first}\N{EN DASH}{first + self.group - 1}"

    def row_cells(self, row: int) -> tuple[Cell, ...]:
        """Return what a click on a row's label means: the heads of a layer, or the embedding, or the logits."""
        columns = range(self.head_columns) if self.is_layer(row) else (self.columns - 1,)
        return tuple((row, column) for column in columns)

    def column_cells(self, column: int) -> tuple[Cell, ...]:
        """Return what a click on a column's label means: that part of every layer."""
        return tuple((row, column) for row in range(1, self.n_layers + 1))

    def rectangle(self, one: Cell, other: Cell) -> tuple[Cell, ...]:
        """Return the cells of the rectangle between two corners, in reading order."""
        rows = range(min(one[0], other[0]), max(one[0], other[0]) + 1)
        columns = range(min(one[1], other[1]), max(one[1], other[1]) + 1)
        return tuple((row, column) for row in rows for column in columns if self.has((row, column)))

    def stepped(self, cell: Cell, rows: int, columns: int) -> Cell:
        """Return the cell some steps away, stopping at the edge; embedding and logits have the last column only."""
        last = self.columns - 1
        row = min(max(cell[0] + rows, 0), self.rows - 1)
        column = min(max(cell[1] + columns, 0), last)
        if not self.is_layer(row) and column != last:
            row = row if row == cell[0] else min(max(row, 1), self.n_layers)
            column = column if self.is_layer(row) else last
        return (row, column)

    def with_points(self, points: GridPoints) -> GridModel:
        """Return the same model with cells that stand for other hook points."""
        return replace(self, points=points)


@lru_cache(maxsize=4)
def _cells_by_site(model: GridModel) -> dict[Site, Cell]:
    """Return where each site stands: asked for hundreds at a time while a sweep comes in."""
    return {model.site(cell): cell for cell in model.cells}


def grid_model(info: ModelInfo | None, points: GridPoints | None = None) -> GridModel | None:
    """Return the cells of a loaded model."""
    if info is None:
        return None
    has_logits = info.has_head and info.why_not("logits") is None
    return GridModel(info.n_layers, info.n_heads, info.n_key_value_heads, has_logits, points or GridPoints())


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


def beside(model: GridModel, incisions: Iterable[GridIncision], cell: Cell) -> tuple[GridIncision, ...]:
    """Return the incisions of a cell that are at another hook point than it stands for, in plan order."""
    site = model.site(cell)
    return tuple(each for each in incisions if each.site != site and cell in model.cells_of(each.site))


def cell_marks(model: GridModel, incisions: Iterable[GridIncision], chosen: tuple[int, ...]) -> Mapping[Cell, CellMark]:
    """Return what is drawn on each cell that has incisions."""
    marks: dict[Cell, CellMark] = {}
    for incision in incisions:
        for cell in model.cells_of(incision.site):
            own = model.site(cell) == incision.site
            sign = () if own else (sign_of(incision.site),)
            made = CellMark(incision, coverage(incision.positions, chosen), 1, sign, own)
            before = marks.get(cell)
            if before is not None:
                shown = made if _order(made) <= _order(before) else before
                signs = tuple(dict.fromkeys(before.signs + made.signs))
                made = replace(shown, count=before.count + 1, signs=signs)
            marks[cell] = made
    return marks


def paths(model: GridModel, incisions: Iterable[GridIncision]) -> tuple[tuple[Cell, Cell, str], ...]:
    """Return from where to where changes are carried to one receiver, each with its operation."""
    found = []
    for each in incisions:
        starts = model.cells_of(each.site)
        ends = model.cells_of(each.receiver) if each.receiver is not None else ()
        if starts and ends and each.enabled:
            found.append((starts[0], ends[0], each.operation))
    return tuple(found)


def _order(mark: CellMark) -> tuple[bool, int, bool]:
    return (not mark.own, RANKS.index(mark.coverage), not mark.incision.enabled)


def exact_at(incisions: Iterable[GridIncision], chosen: tuple[int, ...]) -> GridIncision | None:
    """Return which of a site's incisions a click is about: the one that is drawn, at just the chosen tokens."""
    exact = [each for each in incisions if coverage(each.positions, chosen) == "exact"]
    return next((each for each in reversed(exact) if each.enabled), exact[-1] if exact else None)


def occupied(marks: Mapping[Cell, CellMark], operation: str) -> frozenset[Cell]:
    """Return the cells where a click takes off: those with the operation in hand at just the chosen tokens."""
    return frozenset(
        cell
        for cell, mark in marks.items()
        if mark.own and mark.coverage == "exact" and mark.incision.operation == operation
    )


def toggle_of(cells: Iterable[Cell], taken: frozenset[Cell]) -> tuple[tuple[Cell, ...], bool]:
    """Return which of some cells change, and whether by adding: all are filled, or if all are full, emptied."""
    wanted = tuple(cells)
    missing = tuple(cell for cell in wanted if cell not in taken)
    return (missing, True) if missing else (wanted, False)
