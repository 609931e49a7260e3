"""What is asked of a continuation and what comes back: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from core.runs.request import RunRequest
    from core.text.tokens import Tokens


@dataclass(frozen=True, kw_only=True)
class Generation:
    """How a continuation is made.

    Attributes
    ----------
    length : int
        How many tokens are added at most.
    hold : {"prompt", "new"}
        Whether incisions hold for the prompt only, or for every new token too.
    temperature : float
        0 takes the likeliest token each time.
    top_k : int
        Only so many of the likeliest tokens are drawn from; 0 for all.
    top_p : float
        Only the likeliest tokens that together have this probability are drawn from.
    seed : int
    """

    length: int = 20
    hold: Literal["prompt", "new"] = "prompt"
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class MadeToken:
    """One token of a continuation.

    Attributes
    ----------
    id : int
    text : str
    log_prob, prob : float
        What the model gave it, before temperature and the choice of candidates.
    rank : int
        1 is the likeliest.
    position : int
        Where it stands; for a masked model the mask that it fills.
    """

    id: int
    text: str
    log_prob: float
    prob: float
    rank: int
    position: int


@dataclass(frozen=True)
class Side:
    """A continuation of one run.

    Attributes
    ----------
    tokens : tuple of MadeToken
        In the order they were made.
    ended : str
        Why it goes no further, in a few words; empty while it does.
    """

    tokens: tuple[MadeToken, ...] = ()
    ended: str = ""


@dataclass(frozen=True, kw_only=True)
class Continued:
    """How far the continuations are; told again after every step.

    Attributes
    ----------
    request : RunRequest
        With the plan that the operated side is made under.
    tokens : Tokens
        The prompt.
    settings : Generation
    clean, operated : Side
        The same step of both draws with the same random number.
    fills_masks : bool
        Whether tokens stand in place of masks, and not behind the prompt.
    not_held : tuple of int
        Incisions (indices in the session's plan) that cannot hold for new tokens, because what
        they put in has no counterpart there.
    done : bool
    seconds : float
    """

    request: RunRequest
    tokens: Tokens
    settings: Generation
    clean: Side
    operated: Side
    fills_masks: bool
    not_held: tuple[int, ...] = ()
    done: bool = False
    seconds: float = 0.0

    @property
    def differing(self) -> tuple[int, ...]:
        """Which tokens, by their number, are not the same on both sides; one that only one side has differs too."""
        ids = ([token.id for token in side.tokens] for side in (self.clean, self.operated))
        return tuple(n for n, (a, b) in enumerate(zip_longest(*ids)) if a != b)


def filled(tokens: Tokens, side: Side) -> list[tuple[str, MadeToken | None]]:
    """Return the prompt in pieces, with what was filled in in place of its masks.

    Returns
    -------
    list of (str, MadeToken or None)
        Text, and the token that it is where it was a mask that is filled by now. A token's own blank is left
        out where there is one already.
    """
    made = {token.position: token for token in side.tokens}
    pieces: list[tuple[str, MadeToken | None]] = []
    end = 0
    for position in tokens.mask_positions:
        mask, token = tokens.items[position], made.get(position)
        before = tokens.prompt[end : mask.start]
        text = tokens.prompt[mask.start : mask.end] if token is None else token.text
        if token is not None and (not before or before[-1].isspace()):
            text = text.lstrip()
        pieces += [(before, None), (text, token)]
        end = mask.end
    pieces.append((tokens.prompt[end:], None))
    return [(text, token) for text, token in pieces if text]
