"""Whether the Python at hand has the packages that are needed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from core.startup.problem import Problem

FOR_RUNS = ("torch", "transformers", "safetensors", "numpy", "scipy", "psutil")
FOR_WINDOW = ("PySide6", "pyqtgraph", *FOR_RUNS)


def missing(packages: Iterable[str]) -> list[str]:
    """Return those of the packages that cannot be found, without importing any."""
    return [name for name in packages if importlib.util.find_spec(name) is None]


def require(packages: Iterable[str]) -> None:
    """Stop here if a package is missing.

    Raises
    ------
    Problem
        It names the command that sets everything up.
    """
    if missing(packages):
        raise Problem("Circuit Surgeon is not set up in this Python. Run: python3 main.py start")
