"""Standard output: always UTF-8, and a reader that leaves or a full disk is no traceback."""

from __future__ import annotations

import io
import os
import sys

from core.errors import SurgeryError


def say(text: str) -> None:
    """Write to standard output.

    Raises
    ------
    BrokenPipeError
        If nobody reads any more.
    SurgeryError
        If it cannot be written.
    """
    out = sys.stdout
    if isinstance(out, io.TextIOWrapper):
        # JSON is UTF-8, whatever the system's own encoding; names of files can be no text at all.
        out.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        out.write(text)
        out.flush()
    except OSError as error:
        # What is still waiting would be tried once more, and fail once more, at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise SurgeryError(f"The answer cannot be written: {error.strerror}.", "Write it elsewhere.") from error
