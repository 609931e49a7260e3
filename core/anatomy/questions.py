"""Questions with one right answer, and how a model's tokenizer sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.tokenizing import token_id, tokenize

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.text.tokens import Tokens


@dataclass(frozen=True)
class Question:
    """A prompt whose answer is known.

    Attributes
    ----------
    prompt : str
        As in `core.specimens.plant`: what stands before the answer, or a sentence with one ``[MASK]``.
    answer : str
    wrong : tuple of str
        What else could stand there.
    """

    prompt: str
    answer: str
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """Questions of one kind: what a map is measured on.

    Attributes
    ----------
    key, title : str
    questions : tuple of Question
    groups : tuple of str
        Where they were drawn from, for the record.
    """

    key: str
    title: str
    questions: tuple[Question, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A question in tokens.

    Attributes
    ----------
    tokens : Tokens
    read : int
        Where the answer is predicted.
    answer : int
        Token id.
    wrong : tuple of int
    """

    question: Question
    tokens: Tokens
    read: int
    answer: int
    wrong: tuple[int, ...]


def asked(loaded: LoadedModel, questions: Iterable[Question]) -> list[Asked]:
    """Return the questions whose answer, and something wrong, are single tokens of the model."""
    found = []
    for question in questions:
        answer = _single(loaded, question.answer)
        wrong = tuple(token for word in question.wrong if (token := _single(loaded, word)) is not None)
        if answer is None or not wrong or answer in wrong:
            continue
        tokens = tokenize(loaded, question.prompt)
        masks = tokens.mask_positions
        found.append(Asked(question, tokens, masks[-1] if masks else len(tokens) - 1, answer, wrong))
    return found


def _single(loaded: LoadedModel, word: str) -> int | None:
    try:
        return token_id(loaded, f" {word}")
    except SurgeryError:
        return None


def mentions(tokens: Tokens, word: str) -> list[int]:
    """Return the position of each mention of a word that is a token of its own there."""
    spans = [found.span() for found in re.finditer(rf"\b{re.escape(word)}\b", tokens.prompt)]
    return [
        item.position
        for start, end in spans
        for item in tokens.items
        if not item.special and item.end == end and tokens.prompt[item.start : item.end].strip() == word
    ]
