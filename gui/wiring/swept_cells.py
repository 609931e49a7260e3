"""From a sweep's map to the cells of the grid. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core.interventions.ops import OPERATIONS
from gui.surgery.grid_model import CellHeat
from gui.widgets.number_format import plain, signed
from gui.widgets.sweep_picture import cell_title, numbers_words

if TYPE_CHECKING:
    from core.runs.sweep_request import SweepRequest
    from core.sessions.session import Brush
    from core.sites.site import Site
    from gui.widgets.sweep_picture import Picture


def swept_cells(shown: Picture, chosen: tuple[int, ...], brush: Brush) -> dict[Site, CellHeat]:
    """Return what a sweep found at each site, where that is one number.

    Where every token was taken on its own, the chosen token's; where doses were swept, the brush's.
    """
    request = shown.result.request
    found = {}
    for number in _numbers(request, chosen, brush):
        value = float(shown.values[number])
        if np.isnan(value) or request.cells[number].site.neuron is not None:
            continue
        digits = 1 if shown.limit >= 10 else 2 if shown.limit >= 0.05 else 3
        found[request.cells[number].site] = CellHeat(
            share=value / shown.limit,
            number=signed(value, digits) if shown.readout.signed else plain(value, digits),
            tell=partial(_words, shown, number),
            signed=shown.readout.signed,
            estimated=bool(shown.estimated[number]),
        )
    return found


def _words(shown: Picture, number: int) -> str:
    return f"{cell_title(shown.result, number)} alone: {numbers_words(shown, number)}"


def _numbers(request: SweepRequest, chosen: tuple[int, ...], brush: Brush) -> list[int]:
    every = list(range(len(request.cells)))
    if (axis := request.axis("token")) is not None and len(axis.values) > 1:
        every = [number for number in every if request.cells[number].positions == chosen]
    if (doses := request.axis("dose")) is not None and len(doses.values) > 1:
        every = [number for number in every if request.cells[number].params == brush.params]
    return every


def swept_title(shown: Picture, done: str) -> str:
    """Return what the colours of the grid are: readout, operation, and how much is done while not all is."""
    request = shown.result.request
    operation = request.cells[0].operation
    name = OPERATIONS[operation].label if operation in OPERATIONS else operation
    more = "" if shown.result.is_complete else f", {done} so far"
    return f"{name}: {shown.title}{more}"
