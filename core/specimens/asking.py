"""Asking a model the questions of the plants: what it holds for likely, among the candidates and in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.specimens.plant import BLANK, Probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast

    Network = Callable[..., Any]

ASKED_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model answered to a probe.

    Attributes
    ----------
    probe : Probe
    odds : mapping of str to float
        The model's probabilities of the candidates, divided by their sum.
    mass : float
        That sum.
    top : str or None
        The candidate that is the likeliest of all tokens, if one is.
    """

    probe: Probe
    odds: Mapping[str, float]
    mass: float
    top: str | None


@dataclass(frozen=True)
class _Encoded:
    probe: Probe
    ids: tuple[int, ...]
    read: int
    candidates: tuple[int, ...]


def ask(network: Network, tokenizer: PreTrainedTokenizerFast, probes: Iterable[Probe], context: int) -> list[Answer]:
    """Ask a model, many questions together.

    Parameters
    ----------
    network : callable
        A transformers model with its head: of ``input_ids`` and ``attention_mask`` it gives ``logits``
        of shape [row, position, vocab].
    context : int
        How many tokens it reads.

    Returns
    -------
    list of Answer
        In the order of the probes. Those are left out that are longer than the context, or have a
        candidate that is no token of its own.
    """
    probes = list(probes)
    tokens = {word: single_token(tokenizer, word) for probe in probes for word in probe.odds}
    encoded = [found for probe in probes if (found := _encode(tokenizer, tokens, probe, context)) is not None]
    order = sorted(range(len(encoded)), key=lambda number: len(encoded[number].ids))
    answers: dict[int, Answer] = {}
    for start in range(0, len(order), ASKED_AT_ONCE):
        chosen = order[start : start + ASKED_AT_ONCE]
        rows = [encoded[number] for number in chosen]
        logits = read_logits(network, [row.ids for row in rows], [row.read for row in rows])
        answers |= dict(zip(chosen, map(_answer, rows, logits), strict=True))
    return [answers[number] for number in range(len(encoded))]


def _encode(
    tokenizer: PreTrainedTokenizerFast, tokens: Mapping[str, int | None], probe: Probe, context: int
) -> _Encoded | None:
    ids = tuple(tokenizer(probe.prompt).input_ids)
    candidates = tuple(tokens[word] for word in probe.odds)
    if len(ids) > context or None in candidates or len(set(candidates)) < len(candidates):
        return None
    read = ids.index(tokenizer.mask_token_id) if BLANK in probe.prompt else len(ids) - 1
    return _Encoded(probe, ids, read, tuple(token for token in candidates if token is not None))


def single_token(tokenizer: PreTrainedTokenizerFast, word: str) -> int | None:
    """Return the token that is a word inside a text, or None if it takes several or is unknown."""
    ids = tokenizer(f" {word}", add_special_tokens=False).input_ids
    return int(ids[0]) if len(ids) == 1 and ids[0] != tokenizer.unk_token_id else None


def read_logits(network: Network, rows: Sequence[Sequence[int]], places: Sequence[int]) -> NDArray[np.float64]:
    """Return the logits [row, vocab] of rows of any lengths, each at its place.

    Shorter rows are filled up at their end, where the attention mask hides it.
    """
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    seen = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    with torch.inference_mode():
        logits = network(input_ids=ids, attention_mask=seen).logits
        found: NDArray[np.float64] = logits[torch.arange(len(rows)), torch.tensor(places)].double().cpu().numpy()
    return found


def _answer(row: _Encoded, logits: NDArray[np.float64]) -> Answer:
    odds = np.exp(logits - logits.max())
    odds /= odds.sum()
    among = odds[list(row.candidates)]
    mass = float(among.sum())
    words = dict(zip(row.candidates, row.probe.odds, strict=True))
    return Answer(
        probe=row.probe,
        odds=dict(zip(row.probe.odds, (among / mass).tolist(), strict=True)),
        mass=mass,
        top=words.get(int(logits.argmax())),
    )
