"""Which site the change of another can be carried to on its own: the rule of path patching."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import SurgeryError

if TYPE_CHECKING:
    from core.sites.site import Site

RECEIVERS = ("q", "k", "v", "logits")


def why_no_receiver(sender: Site, receiver: Site) -> str | None:
    """Return why a change cannot be carried from one site to another directly, or None if it can.

    The path leads through the residual stream, so it ends where a head reads that stream, in a
    later layer, or at the logits. Only what stands before a layer is read by its own heads.
    """
    if receiver.hook_point not in RECEIVERS:
        return f"A change is carried to a head's query, key or value, or to the logits, not to {receiver.hook_point}."
    if sender.hook_point == "logits":
        return "Nothing comes after the logits."
    if receiver.layer is None or sender.layer is None:
        return None
    last = sender.layer - (sender.hook_point == "resid_pre")
    return None if receiver.layer > last else f"Only layers after layer {last} read what {sender} adds."


def check_receiver(sender: Site, receiver: Site) -> None:
    """Refuse a receiver that a change cannot be carried to.

    Raises
    ------
    SurgeryError
        With the reason.
    """
    reason = why_no_receiver(sender, receiver)
    if reason is not None:
        nothing_later = sender.hook_point == "logits"
        hint = "Leave the receiver out." if nothing_later else "Choose q, k or v of a later layer, or the logits."
        raise SurgeryError(reason, hint)
