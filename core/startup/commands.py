"""The commands that set things up: ``start``, ``test`` and ``libraries``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core.startup import libraries, packages, screen
from core.startup.checks import run_checks
from core.startup.environment import Environment

ROOT = Path(__file__).resolve().parent.parent.parent


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a command that sets up the environment first."""
    made = argparse.ArgumentParser(
        prog=f"main.py {command}", description=description, allow_abbrev=False, add_help=True
    )
    made.add_argument(
        "--torch-index",
        metavar="URL",
        help="take torch from this package index, for example PyTorch's index of CPU builds, which saves Linux "
        "machines without an NVIDIA card 3 GB; it matters only while torch is not installed",
    )
    return made


def start(arguments: Sequence[str]) -> int:
    """Set up the environment and open the window in it."""
    description = "Set up everything in .venv beside main.py, then open the window."
    made = parser("start", description)
    made.epilog = "All other options are the window's: main.py --help"
    options, rest = made.parse_known_args(arguments)
    if rest and not rest[0].startswith("-"):
        made.error(f"the window takes options alone, and {rest[0]!r} is none: see main.py --help")
    environment = Environment(ROOT)
    if not environment.is_complete(""):
        # Before the download, not after it; without one the window judges its own command line first.
        screen.prepare(rest, dict(os.environ))
    packages.install(environment, "", options.torch_index)
    packages.say("Opening Circuit Surgeon")
    return replace_process([str(environment.python), str(ROOT / "main.py"), *rest])


def test(arguments: Sequence[str]) -> int:
    """Set up the environment with the test tools and run the checks."""
    description = "Set up everything and run the checks: ruff, mypy, lint-imports, pytest."
    made = parser("test", description)
    made.epilog = "All other options are pytest's; with any of them only pytest is run."
    options, rest = made.parse_known_args(arguments)
    libraries.require("offscreen")
    environment = Environment(ROOT)
    packages.install(environment, "test", options.torch_index)
    return run_checks(environment, rest)


def show_libraries(arguments: Sequence[str]) -> int:
    """Name the missing system packages as one command; exit 0 if there are none."""
    made = argparse.ArgumentParser(prog="main.py libraries", description="Name the missing system packages.")
    made.add_argument("--tests", action="store_true", help="also what the tests need for a virtual screen")
    options = made.parse_args(arguments)
    missing = libraries.missing_for_tests() if options.tests else libraries.missing_for("xcb")
    sys.stdout.write(libraries.install_line(missing) + "\n" if missing else "Nothing is missing.\n")
    return 1 if missing else 0


def replace_process(command: list[str]) -> int:
    """Become another program, so that signals reach it; on Windows, run it and wait."""
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"start": start, "test": test, "libraries": show_libraries}
