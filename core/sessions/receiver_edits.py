"""Edits that choose where an incision's change is carried to: pure functions from a session to a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.interventions.receiver import check_receiver

if TYPE_CHECKING:
    from core.sessions.session import Session
    from core.sites.site import Site


def with_receiver(session: Session, index: int, receiver: Site | None) -> Session:
    """Return the session with one incision's change carried to one receiver only, or with None spreading.

    Raises
    ------
    SurgeryError
        If no path leads there.
    """
    incision = session.plan[index]
    if receiver is not None:
        check_receiver(incision.site, receiver)
    return replace(session, plan=session.plan.replaced(index, replace(incision, receiver=receiver)))
