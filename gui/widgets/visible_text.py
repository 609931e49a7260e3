"""Token texts as they are shown: blanks and line ends have a face."""

from __future__ import annotations

FACES = {
    " ": "\N{MIDDLE DOT}",
    "\n": "\N{RETURN SYMBOL}",
    "\r": "\N{SYMBOL FOR CARRIAGE RETURN}",
    "\t": "\N{RIGHTWARDS ARROW TO BAR}",
    "\N{NO-BREAK SPACE}": "\N{OPEN BOX}",
}


def visible(text: str) -> str:
    """Return a token's text with whitespace made visible; an empty one has a face of its own.

    Other characters that cannot be printed are shown as ``<U+200B>``.
    """
    if not text:
        return "\N{EMPTY SET}"
    return "".join(_face(character) for character in text)


def _face(character: str) -> str:
    if character in FACES:
        return FACES[character]
    return character if character.isprintable() else f"<U+{ord(character):04X}>"
