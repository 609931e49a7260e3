"""Plain values that requests, readings and results share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """Two token positions whose similarity is followed, and the name of the curve."""

    label: str
    a: int
    b: int


@dataclass(frozen=True)
class Curves:
    """Labelled curves by depth.

    Attributes
    ----------
    labels : tuple of str
        One per curve.
    values : ndarray of float64, shape [curve, n_layers + 1]
        Entry 0 is the embedding, entry l + 1 the residual after block l.
    """

    labels: tuple[str, ...]
    values: NDArray[np.float64]
