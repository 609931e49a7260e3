"""``models``: what can be opened without a download."""

from __future__ import annotations

import argparse
from typing import Any

from core.command_line.output import say

HEADINGS = ("name", "kind", "family", "parameters", "on disk", "memory (fp32)", "")


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("models", help="list specimens and downloaded models with the memory they need")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Print the list."""
    from core.models.catalogue import list_models

    rows = [HEADINGS]
    for entry in list_models():
        rows.append(
            (
                entry.name,
                entry.kind,
                entry.family or "?",
                f"{entry.n_parameters / 1e6:,.1f} M" if entry.n_parameters else "?",
                megabytes(entry.disk_bytes),
                megabytes(entry.memory_bytes),
                entry.remark,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    say("".join(line.rstrip() + "\n" for line in lines))
    return 0


def megabytes(count: int | None) -> str:
    """Return a number of bytes for reading."""
    if count is None:
        return "?"
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
