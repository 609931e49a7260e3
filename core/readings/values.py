"""Plain values that requests, readings and results share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """Two token positions whose similarity is followed.

    Attributes
    ----------
    label : str
        Name of the curve.
    a, b : int
    index : int
        Place in the session's pairs, by which a pair keeps its colour; it decides no number.
    """

    label: str
    a: int
    b: int
    index: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Curves:
    """Labelled curves by depth.

    Attributes
    ----------
    labels : tuple of str
        One per curve.
    values : ndarray of float64, shape [curve, n_layers + 1]
        Entry 0 is the embedding, entry l + 1 the residual after block l. Over several seeds it is
        their mean.
    low, high : ndarray of the same shape, or None
        Over several seeds the 2.5th and the 97.5th percentile of them.
    """

    labels: tuple[str, ...]
    values: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
