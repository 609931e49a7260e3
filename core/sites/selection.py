"""A selection of tokens, as the user means it: places, all, the mask, or a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from core.errors import SurgeryError

RANGE = re.compile(r"(-?\d{1,9})(?:-(-?\d{1,9}))?")
HOW = 'Write positions like 4, -1, 2-5, 0,3,7, all, mask or "a text".'


@dataclass(frozen=True)
class Selection:
    """Token positions before the prompt is known.

    Attributes
    ----------
    kind : {"positions", "all", "mask", "text"}
    ranges : tuple of (int, int)
        First and last position of each range, both inclusive; negative ones count from the end.
    text : str
        For ``"text"``: the last token of the first place where it stands is meant.
    """

    kind: Literal["positions", "all", "mask", "text"]
    ranges: tuple[tuple[int, int], ...] = ()
    text: str = ""

    def __str__(self) -> str:
        if self.kind == "text":
            return f'"{self.text}"'
        if self.kind == "positions":
            return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ranges)
        return self.kind


ALL = Selection("all")
MASK = Selection("mask")


def at(*positions: int) -> Selection:
    """Return the selection of single positions, in the given order and each once."""
    return Selection("positions", tuple((p, p) for p in dict.fromkeys(positions)))


def text_selection(text: str) -> Selection:
    """Return the selection of a text's last token."""
    return Selection("text", text=text)


def parse_selection(text: str) -> Selection:
    """Read a selection such as ``4``, ``-1``, ``2-5``, ``0,3,7``, ``all``, ``mask`` or ``"text"``.

    Raises
    ------
    SurgeryError
        If the text is no selection.
    """
    text = text.strip()
    if text == "all":
        return ALL
    if text == "mask":
        return MASK
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":
        return text_selection(text[1:-1])
    ranges = []
    for piece in text.split(","):
        match = RANGE.fullmatch(piece.strip())
        if not match:
            raise SurgeryError(f"{text!r} does not name token positions.", HOW)
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        if (first < 0) == (last < 0) and last < first:
            raise SurgeryError(f"The range {piece.strip()} runs backwards.", f"Write it as {last}-{first}.")
        ranges.append((first, last))
    return Selection("positions", tuple(ranges))
