"""From a session to a result: tokens, request, run. What the window and the command line share."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from core.models.tokenizing import token_id, tokenize
from core.runs.events import DonorTokens, Event, Resolved, TokensReady
from core.runs.execute import execute
from core.runs.generate import generate
from core.runs.running_out import running_out_told
from core.sessions.other_texts import other_texts
from core.sessions.resolve import resolve

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.errors import SurgeryError
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.request import RunRequest
    from core.sessions.session import Session
    from core.text.tokens import Tokens


def operate(
    loaded: LoadedModel,
    session: Session,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None = None,
    missing: SurgeryError | None = None,
) -> Iterator[Event]:
    """Do what a session asks for, and yield what happens on the way.

    Parameters
    ----------
    donor : LoadedModel or None
        The session's donor model, where it names one.
    missing : SurgeryError or None
        Why that model could not be opened.

    Raises
    ------
    SurgeryError
        If the prompt cannot be used at all.
    Cancelled
        If the token was set.
    """
    request, tokens, counterfactual = yield from _resolved(loaded, session, donor, missing)
    cancel.check()
    yield from execute(loaded, request, tokens, cache, cancel, donor, counterfactual)


def continue_prompt(
    loaded: LoadedModel,
    session: Session,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None = None,
    missing: SurgeryError | None = None,
) -> Iterator[Event]:
    """Continue a session's prompt, clean and operated, and yield what happens on the way.

    Parameters and errors are those of `operate`.
    """
    request, tokens, _ = yield from _resolved(loaded, session, donor, missing)
    cancel.check()
    with running_out_told(loaded, cache, "this continuation"):
        yield from generate(loaded, request, tokens, session.generation, cache, cancel, donor)


def _resolved(
    loaded: LoadedModel, session: Session, donor: LoadedModel | None, missing: SurgeryError | None
) -> Generator[Event, None, tuple[RunRequest, Tokens, Tokens | None]]:
    """Tell what the session's words mean in this model, and return the request and both prompts' tokens."""
    tokens = tokenize(loaded, session.prompt)
    yield TokensReady(tokens)
    others = other_texts(loaded, session, tokens, donor, missing)
    if others.donor is not None:
        yield DonorTokens(others.donor, others.alignment)
    request, notes = resolve(session, loaded.identity, tokens, loaded.info, lambda text: token_id(loaded, text), others)
    yield Resolved(request, notes)
    return request, tokens, others.donor
