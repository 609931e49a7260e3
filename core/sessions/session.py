"""The session: everything the user has asked for, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.interventions.plan import ParamValue, Plan
from core.sites.selection import Selection, at


@dataclass(frozen=True)
class Brush:
    """The operation that the next click makes, with its parameters."""

    operation: str = "silence"
    params: tuple[tuple[str, ParamValue], ...] = ()


@dataclass(frozen=True)
class TokenPair:
    """Two tokens whose similarity is followed.

    Attributes
    ----------
    label : str
        The curve's name; empty makes one from the tokens' texts.
    """

    a: Selection
    b: Selection
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Session:
    """What the user wants.

    Attributes
    ----------
    model : str
        A specimen's name, a checkpoint folder or a hub id.
    prompt : str
    plan : Plan
    pairs : tuple of TokenPair
    target, versus : str, int or None
        A text of one token, or a token id; None takes the clean run's likeliest as target.
    chosen : Selection
        The tokens that the next incision is made at.
    brush : Brush
    top_k : int
    """

    model: str
    prompt: str
    plan: Plan = field(default_factory=Plan)
    pairs: tuple[TokenPair, ...] = ()
    target: str | int | None = None
    versus: str | int | None = None
    chosen: Selection = field(default_factory=lambda: at(-1))
    brush: Brush = field(default_factory=Brush)
    top_k: int = 10
