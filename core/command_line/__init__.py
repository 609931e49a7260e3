"""The command line without a window: ``run``, ``check`` and ``models``."""

from core.command_line.main import main

__all__ = ["main"]
