"""Prompts and models for the tests of the place of work."""

from __future__ import annotations

from core.models.info import ModelInfo
from core.text.tokens import Token, Tokens
from tests.fixtures.made_results import model_info

PIECES = ("Pe", "anut", " butter", " and", " pine", "apple", " taste", " great", " on", " pizza")


def prompt(*pieces: str, special: tuple[int, ...] = (), mask: tuple[int, ...] = ()) -> Tokens:
    """Return a prompt of pieces; a word starts at a blank, a sign, or without ``##`` where others have one."""
    word_pieces = any(piece.startswith("##") for piece in pieces)
    items: list[Token] = []
    for position, text in enumerate(pieces):
        begins = not text.startswith("##") if word_pieces else position == 0 or not text[:1].isalnum()
        start = items[-1].end if items else 0
        items.append(Token(position, 100 + position, text, start, start + len(text), position in special, begins))
    return Tokens("".join(pieces), tuple(items), mask)


def small(n_layers: int = 5, n_heads: int = 8) -> ModelInfo:
    """Return the facts of a model of some layers and heads."""
    return model_info(n_layers, n_heads=n_heads, n_key_value_heads=n_heads)
