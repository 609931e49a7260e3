"""A count-based language model to compare with: interpolated modified Kneser-Ney, in sorted arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ORDER = 5
# Where too few grams were counted to reckon any: a count of counts is 0, or a discount would be negative.
USUAL_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class _Grams:
    """The n-grams of one length.

    Attributes
    ----------
    codes : ndarray of int64, shape [gram]
        Sorted: the number of the gram without its last token among those one shorter, times the
        size of the vocabulary, plus the last token.
    shares : ndarray of float32, shape [gram]
        The discounted share of the gram among those that begin with the same tokens.
    left : ndarray of float32, shape [shorter gram]
        What the discounts leave for the shorter grams after each beginning; 1 where nothing follows.
    """

    codes: NDArray[np.int64]
    shares: NDArray[np.float32]
    left: NDArray[np.float32]


class NGrams:
    """An n-gram model of a stream of tokens, with interpolated modified Kneser-Ney smoothing.

    Shorter grams count by how many different tokens they follow, and below single tokens stands
    the uniform distribution. Source: Chen and Goodman 1999, sections 3 and 4.1.6.

    Parameters
    ----------
    stream : ndarray of int, shape [position]
        At least ``order`` tokens.
    n_vocab : int
    order : int
    """

    def __init__(self, stream: NDArray[np.integer], n_vocab: int, order: int = ORDER) -> None:
        self.n_vocab = n_vocab
        self.order = order
        self._lengths: list[_Grams] = []
        stream = stream.astype(np.int64)
        codes, numbers, n_shorter = np.arange(n_vocab), stream, 1
        counts = np.bincount(stream, minlength=n_vocab)
        for length in range(2, order + 1):
            longer, first, inverse, longer_counts = np.unique(
                numbers[:-1] * n_vocab + stream[length - 1 :],
                return_index=True,
                return_inverse=True,
                return_counts=True,
            )
            # Every different longer gram counts once for what is left of it without its first token.
            followed = np.bincount(numbers[first + 1], minlength=len(codes))
            self._lengths.append(self._smoothed(codes, followed, n_shorter))
            n_shorter, codes, numbers, counts = len(codes), longer, inverse, longer_counts
        self._lengths.append(self._smoothed(codes, counts, n_shorter))

    def _smoothed(self, codes: NDArray[np.int64], counts: NDArray[np.integer], n_shorter: int) -> _Grams:
        discount = np.array([0.0, *discounts(counts)])[np.minimum(counts, 3)]
        beginnings = codes // self.n_vocab
        totals = np.bincount(beginnings, weights=counts, minlength=n_shorter)
        taken = np.bincount(beginnings, weights=discount, minlength=n_shorter)
        left = np.divide(taken, totals, out=np.ones(n_shorter), where=totals > 0)
        shares = (counts - discount) / np.maximum(totals, 1)[beginnings]
        return _Grams(codes, shares.astype(np.float32), left.astype(np.float32))

    def probabilities(self, stream: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the probability of every token of a stream after those before it.

        Parameters
        ----------
        stream : ndarray of int, shape [position]

        Returns
        -------
        ndarray of float64, shape [position]
            The first tokens are told by as few as stand before them.
        """
        stream = stream.astype(np.int64)
        found = np.full(len(stream), 1 / self.n_vocab)
        numbers = np.zeros(len(stream) + 1, dtype=np.int64)
        for length, grams in enumerate(self._lengths, start=1):
            # What begins at each position, without its last token; -1 where it was never seen.
            beginnings = numbers[: len(stream) - length + 1]
            codes = beginnings * self.n_vocab + stream[length - 1 :]
            at = np.minimum(np.searchsorted(grams.codes, codes), len(grams.codes) - 1)
            seen = (beginnings >= 0) & (grams.codes[at] == codes)
            left = np.where(beginnings >= 0, grams.left[beginnings], 1.0)
            found[length - 1 :] = np.where(seen, grams.shares[at], 0.0) + left * found[length - 1 :]
            numbers = np.where(seen, at, -1)
        return found


def discounts(counts: NDArray[np.integer]) -> tuple[float, float, float]:
    """Return what is taken from grams that count 1, 2, and 3 or more.

    Source: Chen and Goodman 1999, equation 17.
    """
    ones, twos, threes, fours = np.bincount(counts[counts <= 4], minlength=5)[1:5].tolist()
    if not min(ones, twos, threes, fours):
        return USUAL_DISCOUNTS
    share = ones / (ones + 2 * twos)
    found = 1 - 2 * share * twos / ones, 2 - 3 * share * threes / twos, 3 - 4 * share * fours / threes
    return found if min(found) > 0 else USUAL_DISCOUNTS
