"""Cosine similarity of two tokens' hidden states by depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.readings.fetch import fetched
from core.readings.reading import DepthView, Lens
from core.readings.values import Curves

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compute(view: DepthView) -> Curves | None:
    """Return cos(h_l[A], h_l[B]) for every pair, at the embedding and after every block.

    A hidden state of length zero has no direction: its similarity is 0, as in torch's
    ``cosine_similarity``.
    """
    if not view.pairs:
        return None
    # Only the tokens that are compared: the whole stream in double precision can be a gigabyte.
    ends = fetched(*(view.residuals[:, each] for pair in view.pairs for each in (pair.a, pair.b)))
    curves = [_cosine(a.numpy(), b.numpy()) for a, b in zip(ends[::2], ends[1::2], strict=True)]
    return Curves(tuple(pair.label for pair in view.pairs), np.stack(curves))


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    # What overflowed is not a number, here and on screen; it must not become a similarity of 0.
    with np.errstate(invalid="ignore", over="ignore"):
        lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
        products = (a * b).sum(axis=-1)
        found: NDArray[np.float64] = np.divide(products, lengths, out=np.zeros_like(products), where=lengths != 0)
    return found


LENS = Lens(
    key="cosine",
    label="Cosine similarity",
    help="How alike two tokens' hidden states are, layer by layer.",
    compute=compute,
)
