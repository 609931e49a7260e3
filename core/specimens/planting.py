"""Planted text in training blocks: documents drawn by their plants' shares, every time new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.specimens.plants import PLANTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast

DRAWN_AT_ONCE = 64
# How much planted text a tokenizer learns from, and how often it sees every planted word besides:
# often enough for a piece of its own.
TOKENIZER_DOCUMENTS = 20_000
TOKENIZER_REPEATS = 600


def tokenizer_texts(shares: Mapping[str, float], seed: int) -> Iterator[str]:
    """Yield planted text for learning a tokenizer, with every word that should be one piece."""
    random = np.random.default_rng((seed, 5))
    for key in shares:
        plant = PLANTS[key]
        words = "".join(f" {word}" for word in plant.words())
        yield from (plant.write(random) for _ in range(TOKENIZER_DOCUMENTS // len(shares)))
        yield from (words for _ in range(TOKENIZER_REPEATS))


class Planting:
    """Draws blocks of planted text.

    Parameters
    ----------
    shares : mapping of str to float
        Plants by their share of all training tokens.
    tokenizer : PreTrainedTokenizerFast
    parted : bool
        Whether an end-of-text token follows every document, as in a causal model's text.
    """

    def __init__(self, shares: Mapping[str, float], tokenizer: PreTrainedTokenizerFast, parted: bool) -> None:
        self._plants = [PLANTS[key] for key in shares]
        self._tokenizer = tokenizer
        self._end = [tokenizer.eos_token_id] if parted else []
        self._shares = np.array(list(shares.values()))
        # Documents differ in length: what is drawn must be what is behind with its tokens.
        self._length = np.array([self._mean_length(plant.key) for plant in self._plants])

    def _mean_length(self, key: str) -> float:
        random = np.random.default_rng(0)
        return float(np.mean([len(ids) for ids in self._encoded([PLANTS[key].write(random) for _ in range(200)])]))

    def _encoded(self, texts: list[str]) -> list[list[int]]:
        encodings = self._tokenizer.backend_tokenizer.encode_batch(texts, add_special_tokens=False)
        return [encoding.ids + self._end for encoding in encodings]

    def blocks(self, count: int, width: int, random: np.random.Generator) -> NDArray[np.int16]:
        """Return blocks, each beginning with a document; the last one in it is cut off where it ends.

        Returns
        -------
        ndarray of int16, shape [count, width]
        """
        found = np.empty((count, width), dtype=np.int16)
        odds = self._shares / self._length
        odds /= odds.sum()
        row, ids = 0, []
        while row < count:
            chosen = random.choice(len(self._plants), DRAWN_AT_ONCE, p=odds)
            for document in self._encoded([self._plants[number].write(random) for number in chosen]):
                ids += document
                if len(ids) >= width:
                    found[row] = ids[:width]
                    row, ids = row + 1, []
                    if row == count:
                        break
        return found
