"""The one kind of failure that a user is meant to read."""

from __future__ import annotations


class SurgeryError(Exception):
    """An expected failure, in words for the user.

    Parameters
    ----------
    message : str
        One sentence that says what is wrong.
    hint : str, optional
        One sentence that says what to do next.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint


class Cancelled(Exception):
    """A run, load or download was stopped because it is no longer wanted."""
