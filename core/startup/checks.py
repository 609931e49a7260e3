"""The checks of the whole project: style, types, layers, tests."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.startup.packages import say

if TYPE_CHECKING:
    from core.startup.environment import Environment

LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True))"


def all_checks(environment: Environment) -> dict[str, list[str]]:
    """Return every check by name, as commands; the tests come last."""
    python = str(environment.python)
    return {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        # Its own script names a path, which is wrong once the folder has been moved.
        "lint-imports": [python, "-c", LINT_IMPORTS],
        # Each test computes on one core. A file stays together, for what its tests share.
        "pytest": [python, "-m", "pytest", "--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile"],
    }


def run_checks(environment: Environment, pytest_arguments: Sequence[str]) -> int:
    """Run all checks, or pytest alone when arguments for it are given; return the exit code.

    Every check is run even if an earlier one failed; the last line says which failed.
    """
    checks = all_checks(environment)
    if pytest_arguments:
        checks = {"pytest": [str(environment.python), "-m", "pytest", *pytest_arguments]}
    failed = []
    for name, command in checks.items():
        say(f"== {name}")
        if subprocess.run(command, cwd=environment.root, check=False).returncode:
            failed.append(name)
    if failed:
        say(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0
