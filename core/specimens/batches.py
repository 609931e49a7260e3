"""Token blocks and training batches, drawn in an order that a seed decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.specimens.planting import Planting

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast

    from core.specimens.recipe import Recipe

IGNORED_LABEL = -100
ENCODED_AT_ONCE = 1000


@dataclass(frozen=True)
class Batch:
    """Token ids and labels, both of shape [block, position]; unread labels are -100.

    ``starts``, of shape [block], are the positions of the first tokens, where they are not 0.
    """

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    starts: NDArray[np.int64] | None = None


def pack(texts: Sequence[str], tokenizer: PreTrainedTokenizerFast, recipe: Recipe, context: int) -> NDArray[np.int16]:
    """Join all texts into one stream of ids and cut it into blocks of ``context`` tokens.

    Causal documents are parted by the end-of-text token; masked blocks each stand between
    [CLS] and [SEP].

    Returns
    -------
    ndarray of int16, shape [block, position]
    """
    backend = tokenizer.backend_tokenizer
    part = [tokenizer.eos_token_id] if recipe.objective == "causal" else []
    stream: list[int] = []
    for at in range(0, len(texts), ENCODED_AT_ONCE):
        chunk = list(texts[at : at + ENCODED_AT_ONCE])
        for encoding in backend.encode_batch(chunk, add_special_tokens=False):
            stream += encoding.ids + part
    width = context if recipe.objective == "causal" else context - 2
    blocks = np.asarray(stream[: len(stream) // width * width], dtype=np.int16).reshape(-1, width)
    if recipe.objective == "causal":
        return blocks
    return edged(blocks, tokenizer)


def edged(blocks: NDArray[np.int16], tokenizer: PreTrainedTokenizerFast) -> NDArray[np.int16]:
    """Return blocks [block, position] between [CLS] and [SEP]."""
    edges = np.ones((len(blocks), 1), dtype=np.int16)
    return np.hstack([edges * tokenizer.cls_token_id, blocks, edges * tokenizer.sep_token_id])


class BatchSource:
    """Endless training batches, in part of planted text; the n-th batch depends only on the seed and n."""

    def __init__(
        self, blocks: NDArray[np.int16], tokenizer: PreTrainedTokenizerFast, recipe: Recipe, seed: int
    ) -> None:
        self._blocks = blocks
        self._tokenizer = tokenizer
        self._recipe = recipe
        self._seed = seed
        self._epoch = -1
        self._order = np.arange(len(blocks))
        shares = recipe.plant_shares
        self._planting = Planting(shares, tokenizer, recipe.objective == "causal") if shares else None

    def batch(self, step: int) -> Batch:
        """Return the batch of a training step."""
        size = self._recipe.batch_size * self._recipe.context // self._blocks.shape[1]
        planted = round(size * sum(self._recipe.plant_shares.values()))
        from_text = size - planted
        per_epoch = max(1, len(self._blocks) // from_text)
        epoch, number = divmod(step, per_epoch)
        if epoch != self._epoch:
            self._epoch = epoch
            self._order = np.random.default_rng((self._seed, epoch)).permutation(len(self._blocks))
        chosen = self._blocks[self._order[number * from_text : (number + 1) * from_text]].astype(np.int64)
        if self._planting is not None:
            chosen = np.concatenate([chosen, self._planted(planted, step)])
        if self._recipe.objective == "causal":
            return Batch(chosen, chosen)
        hidden = mask(chosen, self._tokenizer, self._recipe.mask_rate, np.random.default_rng((self._seed, 1, step)))
        return replace(hidden, starts=self._starts(len(chosen), step))

    def _planted(self, count: int, step: int) -> NDArray[np.int64]:
        assert self._planting is not None
        width, random = self._blocks.shape[1], np.random.default_rng((self._seed, 4, step))
        if self._recipe.objective == "causal":
            return self._planting.blocks(count, width, random).astype(np.int64)
        found = self._planting.blocks(count, width - 2, random)
        return edged(found, self._tokenizer).astype(np.int64)

    def _starts(self, size: int, step: int) -> NDArray[np.int64]:
        """Return where the blocks stand in the context: half of them at its beginning, as prompts do."""
        room = self._recipe.context - self._blocks.shape[1]
        random = np.random.default_rng((self._seed, 3, step))
        return np.where(random.random(size) < 0.5, 0, random.integers(0, room + 1, size))


def mask(ids: NDArray[np.int64], tokenizer: PreTrainedTokenizerFast, rate: float, random: np.random.Generator) -> Batch:
    """Hide a share of the tokens as BERT does: 80 % [MASK], 10 % another token, 10 % untouched.

    Source: Devlin et al. 2019, section 3.1.
    """
    first_ordinary = len(tokenizer.all_special_ids)
    chosen = (random.random(ids.shape) < rate) & (ids >= first_ordinary)
    labels = np.where(chosen, ids, IGNORED_LABEL)
    fate = random.random(ids.shape)
    hidden = np.where(chosen & (fate < 0.8), tokenizer.mask_token_id, ids)
    other = random.integers(first_ordinary, len(tokenizer), ids.shape)
    hidden = np.where(chosen & (fate >= 0.9), other, hidden)
    return Batch(hidden, labels)
