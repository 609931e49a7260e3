"""Which tokens every head looks at, on sequences where that shows what it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy.sequences import doubled, frame_of, masked, pairs, pairs_of_masks
from core.errors import SurgeryError
from core.readings.fetch import fetched
from core.runs.capture import capture
from core.sites.site import Site

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from core.anatomy.sequences import Pairs
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel

SEQUENCES, AT_ONCE = 32, 4


def attention_scores(
    loaded: LoadedModel, seed: int, cancel: CancelToken, sequences: int = SEQUENCES
) -> dict[str, NDArray[np.float64]]:
    """Return the scores that are read off the attention to random sequences, each [layer, head].

    Each is the mean over sequences and over pairs of tokens of the attention pattern,
    ``mean(pattern[head, query, key])``, with the pairs of `core.anatomy.sequences`.

    Raises
    ------
    SurgeryError
        If the model does not show its attention, or its context is too short.
    """
    hidden = loaded.info.why_not("pattern")
    if hidden is not None:
        raise SurgeryError(hidden, "Without attention patterns heads cannot be told apart: open another model.")
    frame = frame_of(loaded)
    rows = doubled(loaded, frame, sequences, np.random.default_rng(seed))
    found = mean_attention(loaded, rows, pairs(frame, loaded.info.objective), cancel)
    mask = loaded.tokenizer.mask_token_id
    if loaded.info.objective == "masked" and mask is not None:
        hiding = [masked(row, frame, int(mask)) for row in rows]
        found |= mean_attention(loaded, hiding, pairs_of_masks(frame), cancel)
    return found


def mean_attention(
    loaded: LoadedModel, rows: Sequence[tuple[int, ...]], wanted: Pairs, cancel: CancelToken
) -> dict[str, NDArray[np.float64]]:
    """Return the mean attention over prompts of one length and pairs of (query, key), each [layer, head]."""
    sites = [Site("pattern", layer) for layer in range(loaded.info.n_layers)]
    sums = {key: np.zeros((loaded.info.n_layers, loaded.info.n_heads)) for key in wanted}
    for start in range(0, len(rows), AT_ONCE):
        for site, patterns in capture(loaded, rows[start : start + AT_ONCE], sites, cancel).items():
            for pattern in patterns:
                by_head = heads_apart(pattern, loaded.info.n_heads)
                for key, places in wanted.items():
                    queries, keys = zip(*places, strict=True)
                    sums[key][site.layer or 0] += by_head[:, queries, keys].mean(axis=-1)
    return {key: total / len(rows) for key, total in sums.items()}


def heads_apart(pattern: Tensor, n_heads: int) -> NDArray[np.float64]:
    """Return a pattern [query, heads side by side] as [head, query, key]."""
    flat = fetched(pattern)[0].numpy()
    apart: NDArray[np.float64] = flat.reshape(len(flat), n_heads, -1).swapaxes(0, 1)
    return apart
