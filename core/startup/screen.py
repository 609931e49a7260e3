"""Where the window will be drawn, and whether it can be: settled before Qt is imported.

Qt aborts the process when its screen or a library is missing, and nothing can catch that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence

from core.startup import libraries
from core.startup.problem import Problem

NO_SCREEN = (
    "There is no screen here. To draw the window into a file, run: python3 main.py start --screenshot window.png"
)


def wants_screenshot(arguments: Sequence[str]) -> bool:
    """Return whether the window is only to be drawn into a file."""
    return any(argument.partition("=")[0] == "--screenshot" for argument in arguments)


def platform_of(environment: Mapping[str, str]) -> str | None:
    """Return the Qt platform that an environment leads to on Linux, or None without a screen."""
    chosen = environment.get("QT_QPA_PLATFORM", "")
    if chosen:
        # Several may be listed in order of preference, each with options: "wayland;xcb:nograb".
        return chosen.split(";")[0].split(":")[0]
    if environment.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if environment.get("DISPLAY") else None


def prepare(arguments: Sequence[str], environment: MutableMapping[str, str] | None = None) -> None:
    """Choose the Qt platform for a command line and see that it can work.

    Parameters
    ----------
    arguments : sequence of str
        The window's options.
    environment : mutable mapping
        By default the process's; a screenshot sets ``QT_QPA_PLATFORM`` in it.

    Raises
    ------
    Problem
        If there is no screen, or libraries are missing.
    """
    environment = os.environ if environment is None else environment
    if wants_screenshot(arguments):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    if not sys.platform.startswith("linux"):
        return
    platform = platform_of(environment)
    if platform is None:
        raise Problem(NO_SCREEN)
    libraries.require(platform)
