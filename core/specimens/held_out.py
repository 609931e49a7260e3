"""How well held-out text is foreseen, by a model and by counted n-grams at the same tokens."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from core.specimens.ngrams import NGrams

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast

    Network = Callable[..., Any]

BLOCKS_AT_ONCE = 16
# As far apart that what is hidden hardly misses what else is hidden, and as many as are masked in training.
HIDDEN_EVERY = 7
# A masked model's blocks begin and end with special tokens.
TEXT_IN = {"causal": slice(None), "masked": slice(1, -1)}


def predicted_places(blocks: NDArray[np.integer], objective: str) -> NDArray[np.bool_]:
    """Return which tokens of blocks [block, position] are to be foreseen.

    For a causal model all that have one before them in their block; for a masked one every seventh,
    without the special tokens at the edges, beginning one earlier in each block than in the one before.
    """
    n_blocks, width = blocks.shape
    position = np.arange(width)
    if objective == "causal":
        return np.broadcast_to(position > 0, blocks.shape)
    inner = (position > 0) & (position < width - 1)
    found: NDArray[np.bool_] = inner & ((position + np.arange(n_blocks)[:, None]) % HIDDEN_EVERY == 0)
    return found


def model_surprise(
    network: Network, blocks: NDArray[np.integer], places: NDArray[np.bool_], mask_token: int | None
) -> NDArray[np.float64]:
    """Return ``-log p`` of the tokens at the places, in nats, in the order of blocks and positions.

    Parameters
    ----------
    network : callable
        As `core.specimens.asking.ask` takes it.
    mask_token : int or None
        What hides the places from a masked model; None for a causal one.
    """
    import torch

    found = []
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        ids = torch.from_numpy(blocks[start : start + BLOCKS_AT_ONCE].astype(np.int64))
        wanted = torch.from_numpy(places[start : start + BLOCKS_AT_ONCE].copy())
        seen = ids if mask_token is None else ids.masked_fill(wanted, mask_token)
        with torch.inference_mode():
            logits = network(input_ids=seen, attention_mask=torch.ones_like(seen)).logits
            if mask_token is None:
                logits = logits.roll(1, dims=1)
            # In double precision only the few that are asked for.
            logs = torch.log_softmax(logits[wanted].float(), dim=-1)
        found.append(-logs.gather(-1, ids[wanted][:, None])[:, 0].double().cpu().numpy())
    return np.concatenate(found)


def gram_surprise(
    grams: NGrams, blocks: NDArray[np.integer], places: NDArray[np.bool_], objective: str
) -> NDArray[np.float64]:
    """Return the same of counted n-grams, which see the tokens before, also those of the block before."""
    inner = TEXT_IN[objective]
    text = blocks[:, inner]
    logs = np.log(grams.probabilities(text.reshape(-1))).reshape(text.shape)
    found: NDArray[np.float64] = -logs[places[:, inner]]
    return found


def compare(
    network: Network,
    tokenizer: PreTrainedTokenizerFast,
    train: NDArray[np.integer],
    held_out: NDArray[np.integer],
    objective: str,
) -> dict[str, Any]:
    """Measure model and 5-grams on held-out blocks.

    Parameters
    ----------
    train : ndarray of int, shape [position]
        What the n-grams are counted in: the training text as a stream of tokens.
    held_out : ndarray of int, shape [block, position]
        As `core.specimens.batches.pack` makes them.

    Returns
    -------
    dict
        Tokens that were foreseen, and for both the cross-entropy in nats per token and the
        perplexity, ``exp`` of it.
    """
    places = predicted_places(held_out, objective)
    mask_token = tokenizer.mask_token_id if objective == "masked" else None
    grams = NGrams(train, len(tokenizer))
    found = {
        "model": model_surprise(network, held_out, places, mask_token),
        "five_gram": gram_surprise(grams, held_out, places, objective),
    }
    return {
        "tokens": int(places.sum()),
        "counted_tokens": int(train.size),
        **{
            who: {"cross_entropy": float(nats.mean()), "perplexity": math.exp(float(nats.mean()))}
            for who, nats in found.items()
        },
    }
