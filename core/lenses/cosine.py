"""Cosine similarity of two tokens' hidden states by depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

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
    residuals = view.residuals.float().cpu().double().numpy()
    curves = [_cosine(residuals[:, pair.a], residuals[:, pair.b]) for pair in view.pairs]
    return Curves(tuple(pair.label for pair in view.pairs), np.stack(curves))


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    products = (a * b).sum(axis=-1)
    found: NDArray[np.float64] = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return found


LENS = Lens(
    key="cosine",
    label="Cosine similarity",
    help="How alike two tokens' hidden states are, layer by layer.",
    compute=compute,
)
