"""The options of the window."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from core.command_line.options import DEVICES, DTYPES, add_readout_options, session_of
from core.sessions.edits import with_operation
from core.sessions.session import Session, TokenPair
from core.sites.selection import text_selection
from gui.theme.palette import PALETTES

FIRST_MODEL = "specimen-gpt2"
FIRST_PROMPT = "Once upon a time there was a little girl named"
FIRST_PAIR = TokenPair(text_selection("girl"), text_selection("named"))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the window's options."""
    made = argparse.ArgumentParser(
        prog="main.py",
        description="Circuit Surgeon: visual circuit surgery on transformer language models.",
        epilog="Commands without a window: run, check, models; each has its own --help.",
    )
    made.add_argument("--model", metavar="M", help="a specimen, a checkpoint folder or a hub id")
    made.add_argument("--device", choices=DEVICES, default="auto")
    made.add_argument("--dtype", choices=DTYPES, default="float32")
    made.add_argument("--prompt", metavar="TEXT")
    add_readout_options(made)
    made.add_argument("--theme", choices=sorted(PALETTES))
    made.add_argument("--size", type=_size, metavar="WIDTHxHEIGHT", help="of the window, in pixels")
    made.add_argument(
        "--screenshot", type=Path, metavar="OUT.png", help="draw the window off-screen, save a picture and quit"
    )
    return made


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match or not all(200 <= int(number) <= 16384 for number in match.groups()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1600x1000")
    return int(match[1]), int(match[2])


def first_session(options: argparse.Namespace) -> Session:
    """Return the session the window starts with.

    Raises
    ------
    SurgeryError
        If a cut, a pair or the plan file cannot be read.
    """
    untouched = options.prompt is None and options.model is None and not options.pair
    prompt = FIRST_PROMPT if options.prompt is None else options.prompt
    options.model = options.model or FIRST_MODEL
    session = with_operation(session_of(options, prompt), "silence")
    if not untouched:
        return session
    return Session(**{**vars(session), "pairs": (FIRST_PAIR,)})
