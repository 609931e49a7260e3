"""Student's t-test of one sample and of pairs, with effect size and confidence interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95
# A spread below this share of the values themselves is made of rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class TTest:
    """What a t-test found; a number that there is not is NaN.

    Attributes
    ----------
    n : int
    mean, sd : float
        Of the sample, or of the differences; the standard deviation with Bessel's correction.
    t, p : float
        The statistic with n - 1 degrees of freedom, and its two-sided p.
    cohens_d : float
        mean / sd: Cohen's d of one sample, of pairs also called d_z (Cohen 1988, "Statistical
        power analysis for the behavioral sciences").
    ci95 : (float, float)
        The 95 % confidence interval of the mean.
    """

    n: int
    mean: float
    sd: float
    t: float
    p: float
    cohens_d: float
    ci95: tuple[float, float]


def one_sample(values: Sequence[float] | NDArray[np.float64], popmean: float = 0.0) -> TTest:
    """Test whether a sample's mean differs from a number.

    There is no statistic for fewer than two values, for values that are all equal, and where one
    of them is not finite.
    """
    from scipy import stats

    sample = np.asarray(values, dtype=np.float64)
    n = len(sample)
    if not n or not np.isfinite(sample).all():
        return TTest(n, nan, nan, nan, nan, nan, (nan, nan))
    mean = float(sample.mean())
    if n < 2:
        return TTest(n, mean, nan, nan, nan, nan, (nan, nan))
    sd = float(sample.std(ddof=1))
    if sd <= ROUNDING * float(np.abs(sample).max()):
        return TTest(n, mean, 0.0, nan, nan, nan, (nan, nan))
    found = stats.ttest_1samp(sample, popmean)
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * sd / sqrt(n)
    return TTest(
        n, mean, sd, float(found.statistic), float(found.pvalue), (mean - popmean) / sd, (mean - half, mean + half)
    )


def paired(after: Sequence[float], before: Sequence[float]) -> TTest:
    """Test whether paired values differ: the one-sample test of their differences ``after - before``.

    Raises
    ------
    ValueError
        If there are not as many of one as of the other.
    """
    if len(after) != len(before):
        raise ValueError(f"{len(after)} and {len(before)} values are no pairs")
    return one_sample(np.asarray(after, dtype=np.float64) - np.asarray(before, dtype=np.float64))
