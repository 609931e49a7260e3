"""What a newcomer finds: a prompt that suits the model, and two words to compare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.sessions.edits import with_operation
from core.sessions.session import Session, TokenPair
from core.sites.selection import MASK, at

if TYPE_CHECKING:
    from core.models.info import ModelInfo

MODEL = "specimen-gpt2"
PROMPTS = {
    "causal": "Once upon a time there was a little girl named",
    "masked": "Once upon a time there was a [MASK] girl named Lily.",
}
LAST, MASK_WORD = at(-1), "[MASK]"
# Counted from the end, so that they are there in the next prompt too; a masked one ends with a mark.
PAIRS = {"causal": TokenPair(at(-2), at(-1)), "masked": TokenPair(at(-4), at(-3))}
OPERATION = "silence"


def first_session(model: str = MODEL) -> Session:
    """Return the session that a window starts with when nothing was asked for."""
    return with_operation(Session(model=model, prompt=PROMPTS["causal"], pairs=(PAIRS["causal"],)), OPERATION)


def suited(session: Session, info: ModelInfo) -> Session:
    """Return the session with what is still the newcomer's fitted to the model's objective.

    A prompt that somebody wrote is never touched. Where the last token is chosen and the model
    fills masks, the mask is chosen instead: the last one is only the end mark there.
    """
    if session.prompt in PROMPTS.values():
        session = replace(session, prompt=PROMPTS[info.objective])
    if session.pairs and len(session.pairs) == 1 and session.pairs[0] in PAIRS.values():
        session = replace(session, pairs=(PAIRS[info.objective],))
    if info.objective == "masked" and session.chosen == LAST and MASK_WORD in session.prompt:
        return replace(session, chosen=MASK)
    if info.objective == "causal" and session.chosen == MASK:
        return replace(session, chosen=LAST)
    return session
