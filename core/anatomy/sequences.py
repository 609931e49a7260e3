"""Random sequences that are written twice, and which token of them should look at which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.errors import SurgeryError
from core.models.tokenizing import tokenize

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel

LENGTH, SHORTEST = 32, 4
MASKED_EVERY = 4
Pairs = dict[str, list[tuple[int, int]]]


@dataclass(frozen=True)
class Frame:
    """Where the two copies stand.

    Attributes
    ----------
    before, after : tuple of int
        Special tokens that the tokenizer puts around every text.
    length : int
        Of one copy, in tokens.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    length: int

    @property
    def first(self) -> int:
        """Where the first copy begins."""
        return len(self.before)

    @property
    def second(self) -> int:
        """Where the second copy begins."""
        return self.first + self.length


def frame_of(loaded: LoadedModel) -> Frame:
    """Return the frame for a model, as long as its context allows.

    Raises
    ------
    SurgeryError
        If the context is too short for anything to be written twice.
    """
    items = tokenize(loaded, "the").items
    own = [item.position for item in items if not item.special]
    before = tuple(item.id for item in items[: own[0]])
    after = tuple(item.id for item in items[own[-1] + 1 :])
    length = min(LENGTH, (loaded.info.context - len(before) - len(after)) // 2)
    if length < SHORTEST:
        raise SurgeryError(
            f"{loaded.info.name} reads {loaded.info.context} tokens, too few to write something twice.",
            "Open a model with a longer context.",
        )
    return Frame(before, after, length)


def doubled(loaded: LoadedModel, frame: Frame, count: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    """Return sequences of different random tokens, each written twice within its frame."""
    known = min(loaded.info.vocab_size, len(loaded.tokenizer))
    special = {*loaded.vocabulary.special, *loaded.tokenizer.all_special_ids}
    allowed = np.array([token for token in range(known) if token not in special])
    rows = (tuple(int(token) for token in random.choice(allowed, frame.length, replace=False)) for _ in range(count))
    return [(*frame.before, *row, *row, *frame.after) for row in rows]


def masked(ids: tuple[int, ...], frame: Frame, mask: int) -> tuple[int, ...]:
    """Return a sequence with every fourth token of the second copy masked."""
    hidden = set(hidden_places(frame))
    return tuple(mask if place in hidden else token for place, token in enumerate(ids))


def hidden_places(frame: Frame) -> range:
    """Return which places are masked: never the first or the last token of the copy."""
    return range(frame.second + 1, frame.second + frame.length - 1, MASKED_EVERY)


def pairs(frame: Frame, objective: Literal["causal", "masked"]) -> Pairs:
    """Return for each score from which token to which the attention is averaged, as (query, key)."""
    n, first, second = frame.length, frame.first, frame.second
    found: Pairs = {
        # The later half: an earlier token has so little before it that it must look there.
        "previous_token": [(first + i, first + i - 1) for i in range(n // 2, n)],
        "duplicate_token": [(second + i, first + i) for i in range(n)],
        "induction": [(second + i, first + i + 1) for i in range(n - 1)],
    }
    if objective == "masked":
        found["next_token"] = [(first + i, first + i + 1) for i in range(n // 2)]
        found["induction_before"] = [(second + i, first + i - 1) for i in range(1, n)]
    return found


def pairs_of_masks(frame: Frame) -> Pairs:
    """Return the same for a sequence with masks."""
    return {"masked_copy": [(place, place - frame.length) for place in hidden_places(frame)]}
