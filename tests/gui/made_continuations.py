"""Continuations built by hand, for panels to draw."""

from __future__ import annotations

from collections.abc import Sequence

from core.runs.generation import Continued, Generation, MadeToken, Side
from core.runs.request import RunRequest
from core.text.tokens import Token, Tokens
from tests.fixtures.made_results import result

REQUEST = result().request


def side(words: Sequence[str], ended: str = "", positions: Sequence[int] = ()) -> Side:
    """Return a side of these tokens; the same word is the same token, and later ones are less likely."""
    made = (
        MadeToken(sum(map(ord, word)), word, -1.0 - n, 0.5 / (n + 1), n + 1, positions[n] if positions else 8 + n)
        for n, word in enumerate(words)
    )
    return Side(tuple(made), ended)


def continued(
    clean: Sequence[str],
    operated: Sequence[str],
    *,
    done: bool = True,
    request: RunRequest = REQUEST,
    settings: Generation | None = None,
    not_held: tuple[int, ...] = (),
    ended: str = "",
) -> Continued:
    """Return two continuations of the prompt of `made_results`."""
    return Continued(
        request=request,
        tokens=result().tokens,
        settings=settings or Generation(),
        clean=side(clean, ended),
        operated=side(operated),
        fills_masks=False,
        not_held=not_held,
        done=done,
    )


def masks_filled(clean: Sequence[str], operated: Sequence[str]) -> Continued:
    """Return ``The [MASK] sat on the [MASK].`` with so many of its masks filled."""
    pieces = ["The", " [MASK]", " sat on the", " [MASK]", "."]
    items, end = [], 0
    for position, text in enumerate(pieces):
        bare = text.lstrip() if "MASK" in text else text
        items.append(Token(position, position, bare, end + len(text) - len(bare), end + len(text), False, True))
        end += len(text)
    return Continued(
        request=REQUEST,
        tokens=Tokens("".join(pieces), tuple(items), (1, 3)),
        settings=Generation(),
        clean=side(clean, positions=(1, 3)),
        operated=side(operated, positions=(1, 3)),
        fills_masks=True,
        done=len(clean) == 2,
    )
