"""From a session and what is to be swept to a result: what the window and the command line share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from core.interventions.plan import Plan
from core.models.tokenizing import token_id, tokenize
from core.runs.events import DonorTokens, Resolved, TokensReady
from core.runs.sweep_run import execute_sweep
from core.sessions.other_texts import other_texts
from core.sessions.resolve_sweep import resolve_sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.cancel import CancelToken
    from core.models.loaded_model import LoadedModel
    from core.runs.cache import RunCache
    from core.runs.sweep_request import Method, SweepRequest
    from core.runs.sweep_result import SavedCells, SweepEvent, SweepResult
    from core.sessions.session import Session
    from core.sessions.sweep_spec import SweepSpec

    # Returns what an earlier sweep of a request has done, or None.
    Earlier = Callable[[SweepRequest], SweepResult | SavedCells | None]


def sweep_session(
    loaded: LoadedModel,
    session: Session,
    spec: SweepSpec,
    cache: RunCache,
    cancel: CancelToken,
    donor: LoadedModel | None = None,
    *,
    method: Method = "exact",
    earlier: Earlier | None = None,
) -> Iterator[SweepEvent]:
    """Sweep a session's prompt, and yield what happens on the way.

    Prompt, readouts and what operations take from are the session's; its plan takes no part.

    Parameters
    ----------
    donor : LoadedModel, optional
        The session's donor model, where it names one.
    method : {"exact", "screen"}
        Whether to run every cell, in the way of the spec, or to estimate it.
    earlier : callable, optional
        Is asked for what of the request is done already.

    Raises
    ------
    SurgeryError
        If the prompt cannot be used at all, or nothing can be swept so.
    Cancelled
        If the token was set.
    """
    tokens = tokenize(loaded, session.prompt)
    yield TokensReady(tokens)
    spec.check()
    others = other_texts(loaded, replace(session, plan=Plan((spec.example(),))), tokens, donor)
    if others.donor is not None:
        yield DonorTokens(others.donor, others.alignment)
    request, clean, notes = resolve_sweep(
        session, spec, loaded.identity, tokens, loaded.info, lambda text: token_id(loaded, text), others, method
    )
    yield Resolved(clean, notes)
    cancel.check()
    done = None if earlier is None else earlier(request)
    yield from execute_sweep(loaded, request, tokens, cache, cancel, donor, done)
