"""The session: everything the user has asked for, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from core.interventions.plan import ParamValue, Plan
from core.runs.generation import Generation
from core.sites.selection import Selection, at

CleanSide = Literal["prompt", "donor"]


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
    donor_prompt : str
        The counterfactual prompt, for patching; empty for none.
    matches : tuple of (int, int)
        Which token of the counterfactual prompt the user matched with which of the prompt, as
        (position in the prompt, position there); they go before what is matched by itself.
    clean_side : {"prompt", "donor"}
        Which of the two prompts is the clean one. With ``"prompt"`` a patch brings the corrupted
        activation into the clean run (noising), with ``"donor"`` the clean one into the
        corrupted run (denoising). A name only: it decides no number.
    references : tuple of str
        The reference prompts, for mean, median and resample.
    donor_model : str
        The model that a transplant comes from; empty for none.
    seeds : int
        How many seeds a plan with a random operation is run with.
    generation : Generation
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
    donor_prompt: str = ""
    matches: tuple[tuple[int, int], ...] = ()
    clean_side: CleanSide = "prompt"
    references: tuple[str, ...] = ()
    donor_model: str = ""
    seeds: int = 1
    generation: Generation = field(default_factory=Generation)


def patching_words(session: Session) -> str:
    """Return in words which way a patch goes.

    Zhang & Nanda 2024, "Towards best practices of activation patching in language models": the two
    directions ask different questions and need not agree.
    """
    if session.clean_side == "prompt":
        return "noising: the corrupted activation goes into the clean run"
    return "denoising: the clean activation goes into the corrupted run"
