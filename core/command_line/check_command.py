"""``check``: the self-check of a model as a table."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from core.command_line.options import add_model_options, open_quietly
from core.command_line.output import say

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import CheckReport


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("check", help="check that surgery does on a model what it says")
    add_model_options(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Check the model; 0 where everything holds, 1 otherwise."""
    from core.cancel import CancelToken
    from core.runs.acceptance import refuse_unverified
    from core.runs.self_check import self_check

    loaded = open_quietly(options)
    report = self_check(loaded, CancelToken())
    say(table(loaded.info, report))
    refuse_unverified(loaded.info, report)
    if report.passed:
        return 0
    sys.stderr.write(f"{failure_words(loaded.info, report)}\n")
    return 1


def failure_words(info: ModelInfo, report: CheckReport) -> str:
    """Return one sentence about a self-check that failed."""
    names = ", ".join(line.name for line in report.failures)
    return f"{info.name} failed its self-check ({names}), so do not trust its numbers. Choose another model."


def table(info: ModelInfo, report: CheckReport) -> str:
    """Return the report as text, one line a check, and what the family's structure means for a cut."""
    head = f"{info.name}: {info.family}, {info.n_layers} layers x {info.n_heads} heads, {info.dtype} on {info.device}"
    lines = [head]
    width = max(len(line.name) for line in report.lines)
    for line in report.lines:
        verdict = {True: "holds ", False: "FAILED", None: "n/a   "}[line.passed]
        size = f" (deviation {line.value:.1e}, allowed {line.tolerance:.0e})" if line.value else ""
        lines.append(f"  {verdict}  {line.name:{width}}  {line.text}{size}")
    lines += [f"  note    {note}" for note in info.notes]
    failed = len(report.failures)
    ending = "All checks hold." if not failed else f"{failed} of {len(report.lines)} checks failed."
    return "\n".join([*lines, ending, ""])
