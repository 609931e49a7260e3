"""What stops the start, in words for the user."""

from __future__ import annotations


class Problem(Exception):
    """Something that must be put right first: one sentence that says what, and what to do."""
