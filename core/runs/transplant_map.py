"""The linear map that takes one model's hidden states to another's, and how well it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import SurgeryError

Rows = NDArray[np.float64]

FOLDS = 5
# A fold of fewer tokens says nothing about how far a map carries.
FEWEST_HELD_OUT = 2
# Of hidden states in float32: a share of the largest singular value below which there is nothing.
ROUNDING = 1e-5


@dataclass(frozen=True)
class LinearMap:
    """y = (x - origin) weight + offset.

    Attributes
    ----------
    kind : {"procrustes", "least_squares"}
    weight : ndarray, shape [d_donor, d_model]
    origin : ndarray, shape [d_donor]
    offset : ndarray, shape [d_model]
    n : int
        Number of tokens it was fitted on.
    r2 : float or None
        Share of the variance of those tokens, over all dimensions, that it explains; None where
        they do not vary.
    held_out : float or None
        The same on tokens that a fit has not seen: five folds of tokens in order, so that tokens
        of one text are mostly held out together. None where there are too few.
    """

    kind: str
    weight: Rows
    origin: Rows
    offset: Rows
    n: int
    r2: float | None = None
    held_out: float | None = None

    def apply(self, x: NDArray[Any]) -> Rows:
        """Return hidden states [..., d_donor] as [..., d_model]."""
        mapped: Rows = (np.asarray(x, np.float64) - self.origin) @ self.weight + self.offset
        return mapped

    @property
    def is_determined(self) -> bool:
        """Whether there are enough tokens that only one map fits them best."""
        n_free = len(self.origin) if self.kind == "least_squares" else min(self.weight.shape)
        return self.n > n_free

    @property
    def summary(self) -> str:
        """How well it fits, in words that stand beside a figure."""
        if self.r2 is None:
            return f"no R², since the {self.n} shared tokens do not vary"
        words = f"R² {self.r2:.2f} on {self.n} shared tokens"
        if self.held_out is None:
            words += ", too few to hold some out"
        else:
            words += f", {self.held_out:.2f} held out".replace("-", "−")
            words += " (worse than their mean)" if self.held_out < 0 else ""
        if not self.is_determined:
            words += f"; {self.n} tokens do not determine a map of {len(self.origin)} dimensions"
            words += ", so it fits them by itself" if self.kind == "least_squares" else ""
        return words


def fit(x: NDArray[Any], y: NDArray[Any], kind: Literal["procrustes", "least_squares"] | str) -> LinearMap:
    """Fit a map from a donor's hidden states to those of the same tokens in the other model.

    Parameters
    ----------
    x : ndarray, shape [n, d_donor]
    y : ndarray, shape [n, d_model]
    kind : {"procrustes", "least_squares"}
        A rotation with one scale on centred data, or any matrix with an intercept.

    Raises
    ------
    SurgeryError
        If there are fewer than two tokens, or some of the numbers are none.

    Notes
    -----
    Procrustes: of all W with orthonormal rows or columns the one that maximises tr(Wᵀ XᵀY), U Vᵀ of
    the singular value decomposition XᵀY = U S Vᵀ, and the scale that fits best then, tr(S) / |XW|²
    (Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem"; for unequal
    widths Gower and Dijksterhuis 2004, "Procrustes Problems"). Least squares: of several best
    ones the smallest.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) < 2:
        raise SurgeryError(
            f"The two models share {len(x)} token{'' if len(x) == 1 else 's'}: no map can be fitted.",
            "Give a longer prompt, or reference prompts.",
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise SurgeryError("Some hidden states are no numbers: no map can be fitted.", "Load both models in float32.")
    weight = _weight(x, y, kind)
    fitted = LinearMap(kind, weight, x.mean(0), y.mean(0), len(x))
    r2 = _explained(y - fitted.apply(x), y - y.mean(0))
    return LinearMap(kind, weight, fitted.origin, fitted.offset, len(x), r2, _held_out(x, y, kind))


def _weight(x: Rows, y: Rows, kind: str) -> Rows:
    # Not scipy's: that holds the interpreter's lock all the while, and the window would stand still.
    from torch import from_numpy
    from torch.linalg import lstsq, svd

    x, y = x - x.mean(0), y - y.mean(0)
    if kind == "least_squares":
        found: Rows = lstsq(from_numpy(x), from_numpy(y), driver="gelsd").solution.numpy()
        return found
    if kind != "procrustes":
        raise ValueError(f"there is no map {kind!r}")
    u, s, vt = (part.numpy() for part in svd(from_numpy(x.T @ y), full_matrices=False))
    # Where the two do not vary together no turn is better than another, and rounding would choose one.
    shared = s > s[0] * ROUNDING
    rotation = u[:, shared] @ vt[shared]
    size = float(np.sum((x @ rotation) ** 2))
    scaled: Rows = rotation * (s.sum() / size if size else 0.0)
    return scaled


def _held_out(x: Rows, y: Rows, kind: str) -> float | None:
    if len(x) < FOLDS * FEWEST_HELD_OUT:
        return None
    wrong, spread = [], []
    for held in np.array_split(np.arange(len(x)), FOLDS):
        seen = np.delete(np.arange(len(x)), held)
        mapped = (x[held] - x[seen].mean(0)) @ _weight(x[seen], y[seen], kind) + y[seen].mean(0)
        wrong.append(y[held] - mapped)
        spread.append(y[held] - y[seen].mean(0))
    return _explained(np.concatenate(wrong), np.concatenate(spread))


def _explained(wrong: Rows, spread: Rows) -> float | None:
    """Return R² = 1 - |wrong|² / |spread|², or None where nothing spreads."""
    total = float(np.sum(spread**2))
    return 1.0 - float(np.sum(wrong**2)) / total if total else None
