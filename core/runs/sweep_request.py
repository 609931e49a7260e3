"""The frozen request of a sweep: many cells of one incision each, laid out along axes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Literal

from core.readings.values import Pair
from core.runs.request import RunRequest

if TYPE_CHECKING:
    from core.runs.request import ResolvedIncision, Transplant

AxisName = Literal["part", "layer", "head", "neuron", "token", "dose"]
Method = Literal["exact", "bf16", "screen"]


@dataclass(frozen=True)
class Axis:
    """What changes from cell to cell.

    Attributes
    ----------
    name : {"part", "layer", "head", "neuron", "token", "dose"}
    values : tuple of number
        Layers, heads, neurons, positions or doses; of the parts of a layer their places.
    labels : tuple of str
        The same for the screen; a token's is its text.
    """

    name: AxisName
    values: tuple[int | float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    """Everything that decides the numbers of a sweep: its provenance, and the key it is resumed by.

    Attributes
    ----------
    model : str
        Identity of the loaded model.
    ids : tuple of int
        The prompt's token ids.
    cells : tuple of ResolvedIncision
        Each run on its own; in the order of the axes, the last one fastest.
    axes : tuple of Axis
        Also those of one value only.
    method : {"exact", "bf16", "screen"}
        Run every cell; multiply in bf16 what it differs by from the clean run; or estimate it.
    read_position, target, versus, pairs, top_k, donor, references, transplant
        As in `RunRequest`.
    """

    model: str
    ids: tuple[int, ...]
    cells: tuple[ResolvedIncision, ...]
    axes: tuple[Axis, ...]
    method: Method = "exact"
    read_position: int | None = None
    target: int | None = None
    versus: int | None = None
    pairs: tuple[Pair, ...] = ()
    top_k: int = 10
    donor: tuple[int, ...] = ()
    references: tuple[tuple[int, ...], ...] = ()
    transplant: Transplant | None = None

    def __post_init__(self) -> None:
        if prod(len(axis.values) for axis in self.axes) != len(self.cells):
            raise ValueError("a sweep has one cell for every place along its axes")

    @property
    def rows(self) -> tuple[Axis, ...]:
        """The axis that runs down a map, if any has more than one value."""
        return self._varying[:1]

    @property
    def columns(self) -> tuple[Axis, ...]:
        """The axes that run across it; cell number = row * columns + column, the last axis fastest."""
        return self._varying[1:]

    @property
    def _varying(self) -> tuple[Axis, ...]:
        return tuple(axis for axis in self.axes if len(axis.values) > 1)

    def axis(self, name: AxisName) -> Axis | None:
        """Return an axis by its name."""
        return next((axis for axis in self.axes if axis.name == name), None)

    @cached_property
    def digest(self) -> str:
        """Sixty-four hexadecimal digits, the same in every process for an equal request."""
        # The index of a pair decides no number.
        plain = replace(self, pairs=tuple(replace(pair, index=0) for pair in self.pairs))
        return hashlib.sha256(repr(plain).encode()).hexdigest()

    def as_run(self) -> RunRequest:
        """Return the cells as the plan of one run: it needs what they need together."""
        return RunRequest(
            model=self.model,
            ids=self.ids,
            plan=self.cells,
            read_position=self.read_position,
            target=self.target,
            versus=self.versus,
            pairs=self.pairs,
            top_k=self.top_k,
            donor=self.donor,
            references=self.references,
            transplant=self.transplant,
        )
