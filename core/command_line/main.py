"""Choosing the command, and turning its failures into exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from core.command_line import (
    anatomy_command,
    bench_command,
    check_command,
    generate_command,
    models_command,
    run_command,
    sweep_command,
)
from core.command_line.options import TEXT_OPTIONS, bound
from core.errors import Cancelled, SurgeryError

DONE, FAILED, CANCELLED = 0, 1, 130
SHOW_TRACE = "CIRCUIT_SURGEON_TRACE"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    made = argparse.ArgumentParser(prog="main.py", description="Circuit surgery on transformer language models.")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (
        run_command,
        sweep_command,
        generate_command,
        check_command,
        models_command,
        anatomy_command,
        bench_command,
    ):
        module.add_to(commands)
    return made


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code.

    Returns
    -------
    int
        0 done, 1 failed with one sentence on stderr, 2 wrong usage (by argparse), 130 cancelled.
    """
    made = parser()
    options = made.parse_args(bound(arguments, TEXT_OPTIONS))
    command: Callable[[argparse.Namespace], int] = options.function
    try:
        return command(options)
    except SurgeryError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("Cancelled.\n")
        return CANCELLED
    except BrokenPipeError:
        return DONE
    except Exception as error:
        if os.environ.get(SHOW_TRACE):
            raise
        sys.stderr.write(
            f"Something unexpected happened: {type(error).__name__}: {error}. "
            f"Set {SHOW_TRACE}=1, try again and send the developers what is printed.\n"
        )
        return FAILED
