"""What a plant is: a kind of text with structure whose strength is known, to be found again in the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

Objective = Literal["causal", "masked"]
BLANK = "[MASK]"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A question to a trained model whose answer was planted.

    Attributes
    ----------
    prompt : str
        For a causal model what stands before the answer, without a space at its end; for a masked
        one the whole sentence, with one ``[MASK]`` where the answer goes.
    odds : mapping of str to float
        The words that compete for the place, each as it was written (no leading space), with the
        probabilities they were planted with; these sum to 1.
    group : str
        What the probe is counted under, such as ``"held-out names"``.
    subject : str
        What the odds are stated for on the card, such as an occupation; empty where that is told
        by no single word.
    """

    prompt: str
    odds: Mapping[str, float]
    group: str
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One kind of planted text.

    Attributes
    ----------
    key, title, help : str
    write : callable
        Returns one document of training text, a few sentences long; everything in it is decided by
        the generator it is given. Never writes what is held out.
    probes : callable
        Returns the questions for an objective, the same ones every time: the held-out ones, and
        those that were trained on, in groups of their own.
    stated : callable
        Returns the counts and odds that were planted, as (what, value) in words, for the card.
    words : callable
        Returns all words that should be a single piece of the tokenizers.
    """

    key: str
    title: str
    help: str
    write: Callable[[np.random.Generator], str]
    probes: Callable[[Objective], tuple[Probe, ...]]
    stated: Callable[[], tuple[tuple[str, str], ...]]
    words: Callable[[], tuple[str, ...]]
