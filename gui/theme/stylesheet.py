"""The one style sheet of the application, made from a palette."""

from __future__ import annotations

from collections.abc import Callable

from gui.theme.palette import Palette


def stylesheet(p: Palette, px: Callable[[float], int]) -> str:
    """Return the style sheet for a palette.

    Parameters
    ----------
    px : callable
        Turns a length at the default text size into pixels at the one in force.
    """
    return f"""
    QToolTip {{ background: {p.raised}; color: {p.text}; border: 1px solid {p.border_strong}; padding: {px(6)}px; }}
    """
