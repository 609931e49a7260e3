"""What features fire on: the contexts in which each of them is strongest."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cancel import CancelToken
from core.errors import SurgeryError
from core.models.tokenizing import tokenize
from core.runs.capture import capture
from core.sites.site import Site
from core.specimens.sae.activations import POINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.models.loaded_model import LoadedModel
    from core.specimens.sae.autoencoder import Autoencoder
    from core.text.tokens import Tokens

CONTEXTS = 8
CANDIDATES = 200
TOKENS_BEFORE, TOKENS_AFTER = 12, 5
TEXTS_AT_ONCE = 500
SOURCE = (
    "Contexts are drawn from text that the project's generators plant and from text that the causal specimen "
    "writes itself; none is quoted from what the models were trained on."
)
Context = tuple[str, str, str, float]
"""What stands before a token, the token, what follows, and the feature's activation there."""


def top_contexts(
    loaded: LoadedModel, layer: int, autoencoder: Autoencoder, texts: Sequence[str]
) -> list[list[Context]]:
    """Return for each feature the contexts where it is strongest, strongest first, no two alike.

    Texts that cannot be split into tokens, or are too long, are left out.
    """
    split: list[Tokens] = []
    for text in texts:
        with suppress(SurgeryError):
            split.append(tokenize(loaded, text))
    if not split:
        return [[] for _ in autoencoder.decoder]
    # Texts of one length make batches without padding.
    split.sort(key=len)
    places = [(number, position) for number, tokens in enumerate(split) for position in range(len(tokens))]
    features, rows, strengths = _firings(loaded, layer, autoencoder, split)
    order = np.lexsort((rows, -strengths, features))
    ends = np.searchsorted(features[order], np.arange(len(autoencoder.decoder) + 1))
    shown: list[list[Context]] = []
    for first, end in pairwise(ends):
        found: dict[tuple[str, str, str], float] = {}
        for at in order[first : min(end, first + CANDIDATES)]:
            number, position = places[rows[at]]
            found.setdefault(context_of(split[number], position), round(float(strengths[at]), 2))
            if len(found) == CONTEXTS:
                break
        shown.append([(*context, strength) for context, strength in found.items()])
    return shown


def _firings(
    loaded: LoadedModel, layer: int, autoencoder: Autoencoder, texts: Sequence[Tokens]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return which features fire where and how strongly; a row is a token, counted over all texts."""
    features, rows, strengths = [], [], []
    site, before = Site(POINT, layer), 0
    for at in range(0, len(texts), TEXTS_AT_ONCE):
        ids = [tokens.ids for tokens in texts[at : at + TEXTS_AT_ONCE]]
        for x in capture(loaded, ids, [site], CancelToken())[site]:
            activations = autoencoder.encode(x.float().to(autoencoder.decoder.device)).cpu().numpy()
            row, feature = activations.nonzero()
            features.append(feature.astype(np.int32))
            rows.append((row + before).astype(np.int32))
            strengths.append(activations[row, feature])
            before += len(x)
    return np.concatenate(features), np.concatenate(rows), np.concatenate(strengths)


def context_of(tokens: Tokens, position: int) -> tuple[str, str, str]:
    """Return what stands before a token, the token itself, and what follows."""
    first, last = max(0, position - TOKENS_BEFORE), min(len(tokens), position + TOKENS_AFTER + 1)
    pieces = [_piece(tokens, each) for each in range(first, last)]
    here = position - first
    return "".join(pieces[:here]), pieces[here], "".join(pieces[here + 1 :])


def _piece(tokens: Tokens, position: int) -> str:
    """Return the characters of a token, with what no token covers before it; of a special one its name."""
    token = tokens.items[position]
    begin = tokens.items[position - 1].end if position else 0
    text = tokens.prompt[begin : token.end]
    return text if token.end > token.start or not token.special else token.text


def table(contexts: Sequence[Sequence[Context]], density: NDArray[np.float64]) -> dict[str, Any]:
    """Return what ``features.json`` holds; a feature's number is its place in the list."""
    return {
        "source": SOURCE,
        "features": [
            {"density": float(f"{share:.3g}"), "contexts": [list(context) for context in found]}
            for share, found in zip(density, contexts, strict=True)
        ],
    }
