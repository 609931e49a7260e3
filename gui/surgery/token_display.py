"""How a token is written and where its chip stands: pure, without a window."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from core.text.tokens import Token, Tokens

SIGNS = {" ": "·", "\n": "⏎", "\t": "→", "\r": "␍", "\u00a0": "⍽"}
LONGEST = 24
BYTE, BYTES = re.compile("<0x([0-9A-F]{2})>"), re.compile("((?:<0x[0-9A-F]{2}>)+)")
Role = Literal["plain", "special", "mask"]


@dataclass(frozen=True)
class Face:
    """What a chip shows.

    Attributes
    ----------
    pieces : tuple of (str, bool)
        Text in order; True where it is only a sign for something invisible.
    joined : bool
        Whether it continues the word of the chip before it.
    role : {"plain", "special", "mask"}
    """

    position: int
    pieces: tuple[tuple[str, bool], ...]
    joined: bool
    role: Role

    @property
    def text(self) -> str:
        """All pieces in one."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True)
class Slot:
    """Where a chip stands: its left edge, its width, and its row."""

    x: float
    width: float
    row: int


def faces(tokens: Tokens) -> tuple[Face, ...]:
    """Return what each token's chip shows."""
    masks = set(tokens.mask_positions)
    made = []
    for index, token in enumerate(tokens.items):
        role: Role = "mask" if token.position in masks else "special" if token.special else "plain"
        before = tokens.items[index - 1] if index else None
        free = role == "plain" and before is not None and before.position not in masks
        joined = free and before is not None and _continues(tokens.prompt, before, token)
        made.append(Face(token.position, _pieces(tokens.prompt, token, joined), joined, role))
    return tuple(made)


def _continues(prompt: str, before: Token, token: Token) -> bool:
    """Return whether a token goes on with the word, or with the letter, that the one before it began."""
    if token.starts_word or token.special or before.special:
        return False
    if before.start <= token.start < before.end:  # more bytes of the same letter
        return True
    text, last = token.text.removeprefix("##"), before.text[-1:]
    if token.start == before.end < len(prompt):  # where bytes are no whole letter, the prompt knows the letter
        text = prompt[token.start] if _has_bytes(prompt, token) else text
        last = prompt[before.end - 1] if _has_bytes(prompt, before) else last
    return bool(text) and bool(last) and _in_word(text[0]) and _in_word(last)


def _has_bytes(prompt: str, token: Token) -> bool:
    """Return whether a token is written with bytes such as ``<0xC3>`` that do not stand so in the prompt."""
    return BYTES.search(token.text) is not None and "<0x" not in prompt[token.start : token.end]


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "'’\ufffd" or unicodedata.category(character).startswith("M")


def _pieces(prompt: str, token: Token, joined: bool) -> tuple[tuple[str, bool], ...]:
    if not _has_bytes(prompt, token):
        return _characters(token.text.removeprefix("##") if joined else token.text)
    pieces: list[tuple[str, bool]] = []
    for part in BYTES.split(token.text):  # every second one is a run of bytes
        if BYTES.fullmatch(part):
            pieces.append(("".join(BYTE.findall(part)), True))
        elif part:
            pieces += _characters(part)
    return tuple(pieces)


def _characters(text: str) -> tuple[tuple[str, bool], ...]:
    if not text:
        return (("∅", True),)
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    pieces: list[tuple[str, bool]] = []
    for character in text:
        hidden = character in SIGNS or not (character.isprintable() or character == "\ufffd")
        shown = SIGNS.get(character, "␣") if hidden else character
        if pieces and pieces[-1][1] == hidden:
            pieces[-1] = (pieces[-1][0] + shown, hidden)
        else:
            pieces.append((shown, hidden))
    return tuple(pieces)


def flow(widths: Sequence[float], joined: Sequence[bool], width: float, gap: float) -> tuple[Slot, ...]:
    """Return the chips' places in rows of at most ``width``, words kept together where they fit.

    Joined chips touch the one before them; words stand ``gap`` apart.
    """
    slots: list[Slot] = []
    x, row = 0.0, 0
    for first, end in _words(joined):
        word = sum(widths[first:end])
        if x > 0 and x + word > width:
            x, row = 0.0, row + 1
        for index in range(first, end):
            if x > 0 and x + widths[index] > width:
                x, row = 0.0, row + 1
            slots.append(Slot(x, widths[index], row))
            x += widths[index]
        x += gap
    return tuple(slots)


def _words(joined: Sequence[bool]) -> list[tuple[int, int]]:
    starts = [index for index, glued in enumerate(joined) if not glued or index == 0]
    return list(zip(starts, [*starts[1:], len(joined)], strict=False))


def above_or_below(slots: Sequence[Slot], index: int, rows: int) -> int:
    """Return the chip that stands ``rows`` lower (or higher, if negative), nearest to this one's middle."""
    here = slots[index]
    middle = here.x + here.width / 2
    there = [i for i, slot in enumerate(slots) if slot.row == here.row + rows]
    return min(there, key=lambda i: abs(slots[i].x + slots[i].width / 2 - middle), default=index)


def describe(token: Token) -> str:
    """Return one line for a tooltip: position, id, exact text."""
    kind = ", special token" if token.special else "" if token.starts_word else ", continues a word"
    return f"token {token.position} · id {token.id} · {token.text!r}{kind}"
