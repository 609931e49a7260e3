"""The operated curves of a run that takes long, told on its way down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.runs.events import Deeper
from core.runs.measure import depths
from core.runs.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.models.loaded_model import LoadedModel
    from core.readings.values import Curves
    from core.runs.measure import Depths, Measurement
    from core.runs.request import RunRequest

# A run that is over sooner needs no telling, and each telling costs an unembedding.
SLOW_S = 0.04
BETWEEN_S = 0.03


class Descent:
    """Tells the curves of one operated run, as far as it has come.

    Parameters
    ----------
    measurement : Measurement
        What the curves are computed by.
    clean : Trace
    clean_depths : Depths or None
    started : float
        When the run began, by the clock.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        request: RunRequest,
        measurement: Measurement,
        clean: Trace,
        clean_depths: Depths | None,
        started: float,
        clock: Callable[[], float],
    ) -> None:
        self._loaded = loaded
        self._request = request
        self._measurement = measurement
        self._clean = clean
        self._clean_depths = clean_depths
        self._clock = clock
        self._due = started + SLOW_S
        self._known = 0
        self._curves: dict[str, Curves] | None = None

    def told(self, operated: Trace) -> Iterator[Deeper]:
        """Tell the curves down to where a run has come, if it is time to; over several seeds there is no such curve."""
        is_done = len(operated.residuals) == len(self._clean.residuals)
        if is_done or self._request.repeats > 1 or self._clock() < self._due:
            return
        yield Deeper(self._request, self._curves_of(operated))
        self._due = self._clock() + BETWEEN_S

    def _curves_of(self, operated: Trace) -> dict[str, Curves]:
        reached = len(operated.residuals)
        if self._curves is None:
            same = (operated.residuals == self._clean.residuals[:reached]).flatten(1).all(dim=1)
            self._known = int(same.long().cumprod(dim=0).sum())
            self._curves = {
                key: replace(each, values=np.where(np.arange(each.values.shape[1]) < self._known, each.values, np.nan))
                for key, each in self._measurement.curves(self._clean, self._clean_depths).items()
            }
        if reached > self._known:
            new = Trace(operated.residuals[self._known :])
            found = self._measurement.curves(new, depths(self._loaded, new, self._request.read_position))
            for key, each in self._curves.items():
                values = each.values.copy()
                values[:, self._known : reached] = found[key].values
                self._curves[key] = replace(each, values=values)
            self._known = reached
        return dict(self._curves)
