"""A model's name, short enough for the window."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath


def short_name(name: str) -> str:
    """Return the last part of a folder's path; names of specimens and hub ids stay as they are."""
    is_folder = name.startswith((".", "~")) or any(kind(name).anchor for kind in (PurePosixPath, PureWindowsPath))
    return (PureWindowsPath(name).name or name) if is_folder else name
