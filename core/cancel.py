"""Cancelling work on another thread: a token that is asked for at every safe place."""

from __future__ import annotations

import threading

from core.errors import Cancelled


class CancelToken:
    """Set by whoever wants the work stopped, asked by whoever does it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for the work to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Stop here if asked to.

        Raises
        ------
        Cancelled
            If `cancel` was called.
        """
        if self._event.is_set():
            raise Cancelled
