"""The command line without a window: ``run``, ``sweep``, ``generate``, ``check`` and ``models``."""

from core.command_line.main import main

__all__ = ["main"]
