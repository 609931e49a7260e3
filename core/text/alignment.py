"""Which token of another text, or of another tokenisation, stands for a token of the prompt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.errors import SurgeryError

if TYPE_CHECKING:
    from core.text.tokens import Tokens

Alignment = tuple[int | None, ...]


def align(tokens: Tokens, donor_tokens: Tokens, matches: Iterable[tuple[int, int]] = ()) -> Alignment:
    """Return for each position of a prompt its counterpart in a counterfactual prompt.

    Prompts of the same number of tokens are matched one to one. Otherwise those at the beginning
    and at the end that are the same token are matched, and the others have no counterpart.

    Parameters
    ----------
    matches : iterable of (int, int)
        Positions in the prompt and there that the user has matched: they go before the rest, which
        leaves the tokens they take to them.

    Raises
    ------
    SurgeryError
        If a match names a token that is not there, or one token of the prompt twice.
    """
    here, there = tokens.ids, donor_tokens.ids
    if len(here) == len(there):
        found: list[int | None] = list(range(len(here)))
    else:
        found = [None] * len(here)
        shorter = min(len(here), len(there))
        first = next((n for n in range(shorter) if here[n] != there[n]), shorter)
        found[:first] = range(first)
        rest = shorter - first
        last = next((n for n in range(rest) if here[-1 - n] != there[-1 - n]), rest)
        for n in range(1, last + 1):
            found[-n] = len(there) - n
    matched = _checked(matches, len(here), len(there))
    taken = set(matched.values())
    return tuple(
        matched.get(position, None if by_itself in taken else by_itself) for position, by_itself in enumerate(found)
    )


def _checked(matches: Iterable[tuple[int, int]], n_here: int, n_there: int) -> dict[int, int]:
    matched: dict[int, int] = {}
    for position, source in matches:
        for number, count, what in ((position, n_here, "prompt"), (source, n_there, "counterfactual prompt")):
            if not 0 <= number < count:
                raise SurgeryError(
                    f"Token {position} is matched with {source}, but the {what} has no token {number}.",
                    f"Choose a position from 0 to {count - 1}.",
                )
        if matched.setdefault(position, source) != source:
            raise SurgeryError(f"Token {position} is matched twice.", "Match it with one token.")
    return matched


def align_by_text(tokens: Tokens, other_tokens: Tokens) -> Alignment:
    """Return for each position the one of another tokenisation of the same text that ends where it does.

    Of several tokens that end at the same character, the bytes of one letter, the last ones belong
    together. Tokens that cover no text, such as [CLS], belong together where both have the same of
    them in the same order, else they have none.

    Raises
    ------
    SurgeryError
        If the texts differ.
    """
    if tokens.prompt != other_tokens.prompt:
        raise SurgeryError(
            "Two tokenisations can be aligned only where they are of the same text.", "Give both models the same."
        )
    here, there = _last_by_end(tokens), _last_by_end(other_tokens)
    found = {position: there.get(end) for end, position in here.items()} | _without_text(tokens, other_tokens)
    return tuple(found.get(position) for position in range(len(tokens)))


def _without_text(tokens: Tokens, other_tokens: Tokens) -> dict[int, int | None]:
    here, there = ([token for token in each.items if token.end == token.start] for each in (tokens, other_tokens))
    if [token.text for token in here] != [token.text for token in there]:
        return {}
    return {ours.position: theirs.position for ours, theirs in zip(here, there, strict=True)}


def _last_by_end(tokens: Tokens) -> dict[int, int]:
    """Return the last token that ends at each character where one does."""
    return {token.end: token.position for token in tokens.items if token.end > token.start}
