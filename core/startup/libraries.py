"""System libraries: which of those that Qt needs are missing, and how they are installed."""

from __future__ import annotations

import ctypes
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping

from core.startup.problem import Problem

# Library or program, and the Debian package that brings it. Each list was found by installing one
# package at a time into a minimal Debian 12 until the window opened.
FOR_QT = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
FOR_X11 = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
FOR_E2E = {"Xvfb": "xvfb", "xdotool": "xdotool", "openbox": "openbox"}

INSTALL = "sudo apt-get install --no-install-recommends"


def loads(name: str) -> bool:
    """Return whether the system's loader finds a library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def is_program(name: str) -> bool:
    """Return whether a program is on the path."""
    return shutil.which(name) is not None


def missing_packages(table: Mapping[str, str], present: Callable[[str], bool] | None = None) -> list[str]:
    """Return the Debian packages of everything in a table that is not present.

    Parameters
    ----------
    table : mapping of str to str
        Library or program, and its package.
    present : callable
        Says whether one is there; by default whether a library loads.
    """
    here = loads if present is None else present
    return [package for name, package in table.items() if not here(name)]


def missing_for(platform: str) -> list[str]:
    """Return the packages that a Qt platform needs and that are missing; none off Linux.

    Parameters
    ----------
    platform : str
        ``"xcb"`` for a window on X11; any other needs only what Qt itself needs.
    """
    if not sys.platform.startswith("linux"):
        return []
    return missing_packages(FOR_QT | FOR_X11 if platform == "xcb" else FOR_QT)


def missing_for_tests() -> list[str]:
    """Return the packages that all tests together need and that are missing."""
    if not sys.platform.startswith("linux"):
        return []
    return missing_for("xcb") + missing_packages(FOR_E2E, is_program)


def install_line(packages: Iterable[str]) -> str:
    """Return the one command that installs Debian packages."""
    return f"{INSTALL} {' '.join(packages)}"


def require(platform: str) -> None:
    """Stop here if libraries for a Qt platform are missing: Qt would abort without a word of use.

    Raises
    ------
    Problem
        It holds the command that installs exactly what is missing.
    """
    packages = missing_for(platform)
    if packages:
        raise Problem(
            f"Qt needs system libraries that are not here. Run: {install_line(packages)}\n"
            "(On Fedora, Arch and others the same libraries come with dnf or pacman.)"
        )
