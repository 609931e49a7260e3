"""What a newcomer finds: a prompt that suits the model, and two words to compare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.sessions.edits import with_operation
from core.sessions.session import Session, TokenPair
from core.sites.selection import MASK, at, text_selection

if TYPE_CHECKING:
    from core.models.info import ModelInfo

MODEL = "specimen-gpt2"
PROMPTS = {
    "causal": "Once upon a time there was a little girl named",
    "masked": "Once upon a time there was a [MASK] girl named Lily.",
}
PLACES = {"causal": at(-1), "masked": MASK}
OPERATION = "silence"


def first_session(model: str = MODEL) -> Session:
    """Return the session that a window starts with when nothing was asked for."""
    pair = TokenPair(text_selection("girl"), text_selection("named"))
    return with_operation(Session(model=model, prompt=PROMPTS["causal"], pairs=(pair,)), OPERATION)


def suited(session: Session, info: ModelInfo) -> Session:
    """Return the session with what is still the newcomer's fitted to the model's objective.

    A prompt that somebody wrote is never touched, nor are tokens that somebody chose.
    """
    if session.prompt in PROMPTS.values():
        session = replace(session, prompt=PROMPTS[info.objective])
    if session.chosen in PLACES.values() and not session.plan:
        session = replace(session, chosen=PLACES[info.objective])
    return session
