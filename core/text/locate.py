"""From a selection to the token positions of one prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError

if TYPE_CHECKING:
    from core.sites.selection import Selection
    from core.text.tokens import Tokens


HOW = "Check its spelling, or give a position."


def locate(selection: Selection, tokens: Tokens) -> tuple[int, ...]:
    """Return the positions a selection means in a prompt, ascending and each once.

    Raises
    ------
    SurgeryError
        If a position is outside the prompt, the text does not stand in it, or there is no mask.
    """
    if selection.kind == "all":
        return tuple(range(len(tokens)))
    if selection.kind == "mask":
        return mask_positions(tokens)
    if selection.kind == "text":
        return (_last_token_of(selection.text, tokens),)
    chosen: set[int] = set()
    for first, last in selection.ranges:
        begin, end = _position(first, tokens), _position(last, tokens)
        if end < begin:
            raise SurgeryError(f"The range {first}-{last} runs backwards in this prompt.", f"Write {last}-{first}.")
        chosen.update(range(begin, end + 1))
    return tuple(sorted(chosen))


def found(selection: Selection, tokens: Tokens | None) -> tuple[int, ...]:
    """Return the positions a selection means, or none where it means nothing in this prompt."""
    if tokens is None:
        return ()
    try:
        return locate(selection, tokens)
    except SurgeryError:
        return ()


def mask_positions(tokens: Tokens) -> tuple[int, ...]:
    """Return where the mask stands.

    Raises
    ------
    SurgeryError
        If the prompt has none.
    """
    if not tokens.mask_positions:
        raise SurgeryError("The prompt has no [MASK].", "Put [MASK] where the model is to fill in a word.")
    return tokens.mask_positions


def _position(number: int, tokens: Tokens) -> int:
    count = len(tokens)
    if not -count <= number < count:
        raise SurgeryError(
            f"There is no token {number}: the prompt has {count} tokens.",
            f"Choose a position from 0 to {count - 1}, or from -{count} to -1 counted from the end.",
        )
    return number % count


def _last_token_of(text: str, tokens: Tokens) -> int:
    place = _place_of(text, tokens.prompt)
    if place is None:
        other_case = text.strip() and text.lower() in tokens.prompt.lower()
        hint = "It stands there in another case: write it the same." if other_case else HOW
        raise SurgeryError(f"The text {text!r} does not stand in the prompt.", hint)
    # From the end: the bytes of one letter can be several tokens, which all cover it.
    for token in reversed(tokens.items):
        if token.start <= place < token.end:
            return token.position
    raise SurgeryError(f"No token covers the text {text!r}.", "Give a position instead.")


def _place_of(text: str, prompt: str) -> int | None:
    """Return where the last character of a text that is no blank stands, at its first place."""
    place = prompt.find(text)
    return None if place < 0 else place + (len(text.rstrip()) if text.strip() else 1) - 1
