"""A sweep's result as a map: where its cells stand, their colours and their words. Pure, without a window."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from core.interventions.ops import OPERATIONS
from core.runs.sweep_readouts import MapReadout, map_readouts, map_values
from gui.widgets.heat_legend import Scale
from gui.widgets.heat_picture import Heat
from gui.widgets.number_format import plain, signed
from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.runs.sweep_request import Axis, SweepRequest
    from core.runs.sweep_result import SweepResult
    from gui.widgets.heat_picture import Cell

# Neurons have no neighbours that mean something: they stand in rows of this many.
ROW_OF_NEURONS = 64
# Colours end at this share of all numbers, so that one large one does not hide the rest.
TOLD_APART = 99.0


@dataclass(frozen=True)
class Layout:
    """Where the cells of a request stand in a map.

    Attributes
    ----------
    rows, columns : tuple of str
        Labels.
    row_title, column_title : str
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_title: str
    column_title: str

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        return len(self.rows), len(self.columns)

    def place(self, number: int) -> Cell:
        """Return where a cell of the request stands."""
        return divmod(number, len(self.columns))

    def number(self, cell: Cell) -> int:
        """Return the number of a cell in the request."""
        return cell[0] * len(self.columns) + cell[1]


def layout(request: SweepRequest) -> Layout:
    """Return where the cells of a request stand: its first axis down, the others across."""
    rows, columns = request.rows, request.columns
    if rows and not columns and rows[0].name == "neuron":
        count = len(rows[0].values)
        across = min(count, ROW_OF_NEURONS)
        first = tuple(rows[0].labels[start] for start in range(0, count, across))
        return Layout(first, tuple(f"+{step}" for step in range(across)), "neuron", "and the next ones")
    down = tuple(_label(rows[0], place) for place in range(len(rows[0].values))) if rows else ("",)
    names = [[_label(axis, place) for place in range(len(axis.values))] for axis in columns]
    across_labels = tuple(" ".join(each) for each in product(*names)) if columns else ("",)
    column_title = ", ".join(axis.name for axis in columns)
    return Layout(down, across_labels, rows[0].name if rows else "", column_title)


def _label(axis: Axis, place: int) -> str:
    value = axis.values[place]
    if axis.name == "layer":
        return f"L{value}"
    if axis.name == "token":
        return f"{value} {visible(axis.labels[place])}"
    return axis.labels[place]


def chosen_readout(result: SweepResult, key: str) -> MapReadout | None:
    """Return the readout of a key, or the first there is."""
    offered = map_readouts(result)
    return next((each for each in offered if each.key == key), offered[0] if offered else None)


def limit_of(values: NDArray[np.float64]) -> float:
    """Return the number at the end of the colours: most numbers lie within, and it has one or two figures."""
    sizes = np.abs(values[np.isfinite(values)])
    if not sizes.size or not sizes.max() > 0:
        return 1.0
    largest = float(np.percentile(sizes, TOLD_APART)) or float(sizes.max())
    unit = 10.0 ** np.floor(np.log10(largest))
    return float(next(step * unit for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * unit >= largest * 0.999))


@dataclass(frozen=True, eq=False)
class Picture:
    """One readout of a sweep, ready to be drawn.

    Attributes
    ----------
    values : ndarray of float64, shape [cell]
        Exact where there are exact ones, else estimates.
    estimated : ndarray of bool, shape [cell]
    limit : float
        The number at the end of the colours.
    screened : SweepResult or None
        Where the estimates are from.
    """

    result: SweepResult
    readout: MapReadout
    depth: int
    values: NDArray[np.float64]
    estimated: NDArray[np.bool_]
    limit: float
    screened: SweepResult | None = None

    @property
    def title(self) -> str:
        """The readout in words."""
        return readout_title(self.result, self.readout, self.depth)

    @property
    def scale(self) -> Scale:
        """What the colours mean."""
        known = self.values[~np.isnan(self.values)]
        return Scale(
            self.title,
            self.limit,
            signed=self.readout.signed,
            clipped=bool((np.abs(known) > self.limit).any()),
            estimated=bool(self.estimated.any()),
            gaps=len(known) < len(self.values),
        )

    def number(self, cell: Cell) -> int:
        """Return the number of the cell of the sweep that stands at a place of the map."""
        return layout(self.result.request).number(cell)

    def heat(self) -> Heat:
        """Return the map."""
        where = layout(self.result.request)
        rows, columns = where.shape
        values, there = np.full(rows * columns, np.nan), np.zeros(rows * columns, dtype=bool)
        estimated = np.zeros(rows * columns, dtype=bool)
        values[: len(self.values)], there[: len(self.values)] = self.values, True
        estimated[: len(self.values)] = self.estimated
        return Heat(
            values=values.reshape(where.shape),
            there=there.reshape(where.shape),
            estimated=estimated.reshape(where.shape),
            rows=where.rows,
            columns=where.columns,
            row_title=where.row_title,
            column_title=where.column_title,
            limit=self.limit,
            signed=self.readout.signed,
        )


def picture(result: SweepResult, key: str, depth: int, screened: SweepResult | None = None) -> Picture | None:
    """Return one readout of a sweep; None where the result has no numbers at all.

    Parameters
    ----------
    screened : SweepResult or None
        Estimates of the same cells, for those that are not done.
    """
    readout = chosen_readout(result, key)
    if readout is None:
        return None
    values = map_values(result, readout, depth)
    estimated = np.zeros(len(values), dtype=bool)
    if screened is not None and any(each == readout for each in map_readouts(screened)):
        guesses = map_values(screened, readout, depth)
        estimated = np.isnan(values) & ~np.isnan(guesses)
        values = np.where(estimated, guesses, values)
    return Picture(result, readout, depth, values, estimated, limit_of(values), screened)


def readout_title(result: SweepResult, readout: MapReadout, depth: int) -> str:
    """Return a readout in words: ``Δ log p of ·pizza``, ``Δ cosine pine – pizza after layer 3``."""
    target = visible(result.target_text or "")
    if readout.key == "d_log_prob" and target:
        return f"{readout.label} of {target}"
    if readout.key == "d_logit_difference" and target:
        return f"{readout.label} {target} \N{EN DASH} {visible(result.versus_text or '')}"
    if readout.pair is not None:
        return f"{readout.label} {depth_words(depth)}"
    return readout.label


def depth_words(depth: int) -> str:
    """Return where in depth a similarity is read."""
    return "in the embedding" if depth == 0 else f"after layer {depth - 1}"


def numbers_words(shown: Picture, number: int) -> str:
    """Return all numbers of a cell, the one that is drawn first: exact ones, else estimates, else that there are none."""
    source, kind = shown.result, ""
    if not source.done[number]:
        if shown.screened is None or not shown.screened.done[number]:
            return "not run yet"
        source, kind = shown.screened, "estimate: "
    told = []
    for readout in sorted(map_readouts(source), key=lambda each: each != shown.readout):
        value = float(map_values(source, readout, shown.depth)[number])
        if not np.isnan(value):
            words = signed(value, 4) if readout.signed else plain(value, 4)
            depth = "" if readout.pair is None else f" {depth_words(shown.depth)}"
            told.append(f"{readout.label}{depth} {words}")
    return kind + "  \N{MIDDLE DOT}  ".join(told)


def cell_title(result: SweepResult, number: int) -> str:
    """Return what is done in a cell: ``silence L3H5.z at 4 ·pine``."""
    cell = result.request.cells[number]
    dose = OPERATIONS[cell.operation].dose if cell.operation in OPERATIONS else None
    strength = "" if dose is None else f" {dose.name}={dict(cell.params).get(dose.name, dose.default):.6g}"
    items = result.tokens.items
    if len(cell.positions) == len(items) > 1:
        where = f"all {len(items)} tokens"
    else:
        where = ", ".join(f"{place} {visible(items[place].text)}" for place in cell.positions[:3])
        where += f" and {len(cell.positions) - 3} more" if len(cell.positions) > 3 else ""
    name = OPERATIONS[cell.operation].label.lower() if cell.operation in OPERATIONS else cell.operation
    return f"{name}{strength} {cell.site} at {where}"
