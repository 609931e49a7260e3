"""The options of the window."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.command_line.options import (
    DEVICES,
    DTYPES,
    add_plan_options,
    add_readout_options,
    add_seeds_option,
    add_supply_options,
    session_of,
)
from core.sessions import first
from gui.theme.palette import PALETTES

if TYPE_CHECKING:
    from core.sessions.session import Session

SMALLEST_SIZE = (960, 600)
LONGEST_SIDE = 16384


def parser() -> argparse.ArgumentParser:
    """Return the parser of the window's options."""
    made = argparse.ArgumentParser(
        prog="main.py",
        allow_abbrev=False,
        description="Circuit Surgeon: visual circuit surgery on transformer language models.",
        epilog="Without a window: run, sweep, generate, check, models, anatomy, bench; each has its own --help.",
    )
    made.add_argument("--model", metavar="M", help="a specimen, a checkpoint folder or a hub id")
    made.add_argument("--device", choices=DEVICES, default="auto")
    made.add_argument("--dtype", choices=DTYPES, default="float32")
    made.add_argument("--prompt", metavar="TEXT")
    add_plan_options(made)
    add_readout_options(made)
    add_seeds_option(made)
    add_supply_options(made)
    made.add_argument("--theme", choices=sorted(PALETTES))
    made.add_argument("--size", type=_size, metavar="WIDTHxHEIGHT", help="of the window, in pixels")
    made.add_argument(
        "--screenshot", type=Path, metavar="OUT.png", help="draw the window off-screen, save a picture and quit"
    )
    return made


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1600x1000")
    width, height = int(match[1]), int(match[2])
    if not (SMALLEST_SIZE[0] <= width <= LONGEST_SIDE and SMALLEST_SIZE[1] <= height <= LONGEST_SIDE):
        raise argparse.ArgumentTypeError(
            f"{text} is no size from {SMALLEST_SIZE[0]}x{SMALLEST_SIZE[1]} to {LONGEST_SIDE}x{LONGEST_SIDE}"
        )
    return width, height


def first_session(options: argparse.Namespace) -> Session:
    """Return the session the window starts with.

    Raises
    ------
    SurgeryError
        If a cut, a pair or the plan file cannot be read.
    """
    newcomers = first.first_session(options.model or first.MODEL)
    options.model = newcomers.model
    if options.prompt is None:
        options.prompt = newcomers.prompt
    asked = session_of(options, options.prompt)
    pairs = newcomers.pairs if options.prompt == newcomers.prompt and not asked.pairs else asked.pairs
    return replace(asked, pairs=pairs, brush=newcomers.brush)
