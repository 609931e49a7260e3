"""What a model writes by itself, for the card: nothing of it is chosen or edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.specimens.asking import read_logits

if TYPE_CHECKING:
    from collections.abc import Callable

    from transformers import PreTrainedTokenizerFast

    Network = Callable[..., Any]

OPENINGS = (
    "Once upon a time there was a little girl named Lily who",
    "One day, Tom and his dog went to the park to",
    "There was once a king who had three sons, and",
    "The old woman lived in a small house near the forest. Every morning she",
    "A small bird sat on the tree and",
    "Mary was sad because she had lost her",
    "It was a cold night. The children sat by the fire and",
    "Ben found a big box under his bed. He opened it and",
    "The cat saw a mouse and",
    '"I am so hungry," said the bear. "Let us',
)
SENTENCES = (
    "Once upon a [MASK] there was a little girl.",
    "Tom and his [MASK] went to the park.",
    "The king had three sons and one [MASK].",
    "The old woman lived in a small [MASK] near the forest.",
    "A small bird sat on the [MASK] and sang.",
    "She was [MASK] because she had lost her doll.",
    "It was a cold night, so they sat by the [MASK].",
    "He opened the [MASK] and looked inside.",
    "The cat saw a mouse and [MASK] after it.",
    '"I am so [MASK]," said the bear. "Let us eat."',
)
NEW_TOKENS = 40
LIKELIEST = 3


def written(network: Network, tokenizer: PreTrainedTokenizerFast, context: int) -> list[dict[str, Any]]:
    """Return ten story openings, each with the likeliest 40 next tokens, one by one, or up to the end of the text."""
    found = []
    for opening in OPENINGS:
        ids = list(tokenizer(opening).input_ids)
        start = len(ids)
        while len(ids) < min(start + NEW_TOKENS, context):
            token = int(read_logits(network, [ids], [len(ids) - 1])[0].argmax())
            if token == tokenizer.eos_token_id:
                break
            ids.append(token)
        found.append({"opening": opening, "continuation": tokenizer.decode(ids[start:])})
    return found


def filled(network: Network, tokenizer: PreTrainedTokenizerFast, context: int) -> list[dict[str, Any]]:
    """Return ten sentences with a hidden word, each with the three likeliest tokens and their probabilities."""
    found = []
    rows = [(sentence, list(tokenizer(sentence).input_ids)) for sentence in SENTENCES]
    for sentence, ids in rows:
        if len(ids) > context:
            continue
        logits = read_logits(network, [ids], [ids.index(tokenizer.mask_token_id)])[0]
        odds = np.exp(logits - logits.max())
        odds /= odds.sum()
        best = np.argsort(-odds, kind="stable")[:LIKELIEST].tolist()
        found.append({"sentence": sentence, "likeliest": [[tokenizer.decode([t]), float(odds[t])] for t in best]})
    return found
