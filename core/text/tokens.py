"""A prompt split into tokens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """One token of a prompt.

    Attributes
    ----------
    position : int
        Counted from 0, special tokens included.
    id : int
        In the model's vocabulary.
    text : str
        What it stands for: byte-level and sentence pieces with their leading blank, word pieces
        with their ``##``.
    start, end : int
        Characters of the prompt it covers; equal for special tokens that are not in the prompt.
    special : bool
        Whether it is a control token such as [CLS] or <|endoftext|>.
    starts_word : bool
        Whether a word begins here; False for the later pieces of a word.
    """

    position: int
    id: int
    text: str
    start: int
    end: int
    special: bool
    starts_word: bool


@dataclass(frozen=True)
class Tokens:
    """A prompt and its tokens, in order.

    Attributes
    ----------
    mask_positions : tuple of int
        Where the mask token stands.
    """

    prompt: str
    items: tuple[Token, ...]
    mask_positions: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @property
    def ids(self) -> tuple[int, ...]:
        """The token ids, in order."""
        return tuple(token.id for token in self.items)
