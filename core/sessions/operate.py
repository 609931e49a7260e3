"""From a session to a result: tokens, request, run. What the window and the command line share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.models.tokenizing import token_id, tokenize
from core.runs.events import Event, Resolved, TokensReady
from core.runs.execute import execute
from core.sessions.resolve import resolve

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.sessions.session import Session


def operate(loaded: LoadedModel, session: Session, cache: RunCache, cancel: CancelToken) -> Iterator[Event]:
    """Do what a session asks for, and yield what happens on the way.

    Raises
    ------
    SurgeryError
        If the prompt cannot be used at all.
    Cancelled
        If the token was set.
    """
    tokens = tokenize(loaded, session.prompt)
    yield TokensReady(tokens)
    request, notes = resolve(session, loaded.identity, tokens, loaded.info, lambda text: token_id(loaded, text))
    yield Resolved(request, notes)
    cancel.check()
    yield from execute(loaded, request, tokens, cache, cancel)
