"""Edits that choose where an incision's change is carried to: pure functions from a session to a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import SurgeryError

if TYPE_CHECKING:
    from core.sessions.session import Session
    from core.sites.site import Site

RECEIVERS = ("q", "k", "v", "logits")


def why_no_receiver(sender: Site, receiver: Site) -> str | None:
    """Return why a change cannot be carried from one site to another directly, or None if it can.

    A path leads through the residual stream: it ends where a head of a later layer reads that
    stream, or at the logits.
    """
    if receiver.hook_point not in RECEIVERS:
        return f"A change is carried to a head's query, key or value, or to the logits, not to {receiver.hook_point}."
    if sender.hook_point == "logits":
        return "Nothing comes after the logits."
    if receiver.layer is None or sender.layer is None:
        return None
    return None if receiver.layer > sender.layer else f"Only layers after layer {sender.layer} read what {sender} adds."


def with_receiver(session: Session, index: int, receiver: Site | None) -> Session:
    """Return the session with one incision's change carried to one receiver only, or with None spreading.

    Raises
    ------
    SurgeryError
        If no path leads there.
    """
    incision = session.plan[index]
    reason = None if receiver is None else why_no_receiver(incision.site, receiver)
    if reason is not None:
        raise SurgeryError(reason, "Choose q, k or v of a later head, or the logits.")
    return replace(session, plan=session.plan.replaced(index, replace(incision, receiver=receiver)))
