"""The layer test: whether the heads of a layer change a readout, all in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.statistics.corrections import benjamini_hochberg, bonferroni, holm
from core.statistics.t_tests import one_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.runs.sweep_result import SweepResult
    from core.statistics.t_tests import TTest

# Similarities are computed in float64 from float32: a change as small as this is none.
ROUNDING = 1e-12


@dataclass(frozen=True)
class LayerTest:
    """One-sample t-test of the changes that the heads or neurons of one layer make, against 0.

    Attributes
    ----------
    layer : int
    token : int or None
        Of a sweep over tokens, the one that is tested.
    dose : float or None
        Of a sweep over doses, the one that is tested.
    readout : str
        ``"d_log_prob"``, ``"d_logit_difference"``, or ``"d_cosine "`` and a pair's label: its
        similarity after the last layer.
    test : TTest
    p_bonferroni, p_holm, p_bh : float
        Corrected for as many comparisons as there are cells.
    """

    layer: int
    token: int | None
    dose: float | None
    readout: str
    test: TTest
    p_bonferroni: float
    p_holm: float
    p_bh: float


def layer_tests(result: SweepResult) -> list[LayerTest]:
    """Return the tests of every layer, token and dose, for every readout.

    There are none where a layer is a single cell. KL divergences are not tested: they are never
    negative, so that their mean says nothing against 0.
    """
    request = result.request
    if request.axis("head") is None and request.axis("neuron") is None:
        return []
    groups = _groups(result)
    found = []
    for readout, changes in _changes(result):
        tests = [one_sample(changes[numbers]) for numbers in groups.values()]
        p = [test.p for test in tests]
        corrected = [correct(p, len(request.cells)).tolist() for correct in (bonferroni, holm, benjamini_hochberg)]
        for (layer, token, dose), test, *by_method in zip(groups, tests, *corrected, strict=True):
            found.append(LayerTest(layer, token, dose, readout, test, *by_method))
    return found


def _groups(result: SweepResult) -> dict[tuple[int, int | None, float | None], list[int]]:
    """Return the cells of each layer, token and dose."""
    request = result.request
    swept, dosed = request.axis("token") is not None, request.axis("dose") is not None
    doses = doses_of(result)
    found: dict[tuple[int, int | None, float | None], list[int]] = {}
    for number, cell in enumerate(request.cells):
        place = (cell.site.layer or 0, cell.positions[0] if swept else None, doses[number] if dosed else None)
        found.setdefault(place, []).append(number)
    return found


def doses_of(result: SweepResult) -> list[float | None]:
    """Return the dose of every cell; None where doses are not swept."""
    axis, count = result.request.axis("dose"), len(result.request.cells)
    if axis is None:
        return [None] * count
    # The last axis runs fastest.
    return [float(axis.values[number % len(axis.values)]) for number in range(count)]


def _changes(result: SweepResult) -> Iterator[tuple[str, NDArray[np.float64]]]:
    if result.d_log_prob is not None:
        yield "d_log_prob", result.d_log_prob
    if result.d_logit_difference is not None:
        yield "d_logit_difference", result.d_logit_difference
    for number, pair in enumerate(result.request.pairs):
        moved = result.cosine[:, number, -1] - result.clean_cosine[number, -1]
        yield f"d_cosine {pair.label}", np.where(np.abs(moved) < ROUNDING, 0.0, moved)
