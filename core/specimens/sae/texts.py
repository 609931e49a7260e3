"""Texts in which features are shown: planted ones, and those that a causal specimen writes itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from core.specimens.plant import BLANK
from core.specimens.plants import PLANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.loaded_model import LoadedModel

WRITTEN_AT_ONCE = 64
LIKELIEST = 0.95
LONGEST = 50
HIDDEN = 0.1
WORD = re.compile(r"\w+")


def planted_texts(shares: Mapping[str, float], count: int, seed: int) -> list[str]:
    """Return documents of planted text, drawn by their plants' shares."""
    random = np.random.default_rng((seed, 7))
    odds = np.array(list(shares.values()))
    chosen = random.choice(list(shares), count, p=odds / odds.sum())
    return [PLANTS[str(key)].write(random) for key in chosen]


def written_texts(writer: LoadedModel, count: int, seed: int) -> list[str]:
    """Return texts that a causal model writes from nothing, cut after fifty words.

    Tokens are drawn among the likeliest that make up 95 % (Holtzman et al. 2020, "The curious case
    of neural text degeneration").
    """
    import torch
    from transformers import GenerationConfig

    tokenizer, found = writer.tokenizer, dict[str, None]()
    end = tokenizer.eos_token_id
    assert isinstance(end, int)
    config = GenerationConfig(do_sample=True, top_p=LIKELIEST, top_k=0, max_length=writer.info.context)
    config.pad_token_id, config.eos_token_id = end, None
    start = torch.full((WRITTEN_AT_ONCE, 1), end, device=writer.info.device)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        # Only so often: a model that never ends a text, or always writes the same one, is no endless loop.
        for _ in range(1 + count // 8):
            rows = writer.network.generate(start, attention_mask=torch.ones_like(start), generation_config=config)
            for row in rows.tolist():
                for text in tokenizer.decode(row).split(str(tokenizer.eos_token)):
                    found[" ".join(text.split(" ")[:LONGEST]).strip()] = None
            if len(found) > count:
                break
    return [text for text in found if text and "\ufffd" not in text][:count]


def with_hidden_words(texts: list[str], seed: int) -> list[str]:
    """Return texts in which one word in ten is ``[MASK]``, as a masked model is used to."""
    random = np.random.default_rng((seed, 8))
    return [WORD.sub(lambda word: BLANK if random.random() < HIDDEN else word[0], text) for text in texts]
