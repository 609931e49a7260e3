"""Options that several commands share, and what they mean for a session."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.notation import parse_cut, parse_plan
from core.interventions.plan import Plan
from core.sessions.session import Session, TokenPair
from core.sites.selection import MASK, Selection, at, text_selection

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("float32", "float16", "bfloat16")


TEXT_OPTIONS = ("--prompt", "--cut", "--target", "--versus", "--pair", "--donor-prompt")
OPTION = re.compile(r"--[a-z]")


def bound(arguments: Sequence[str], names: Sequence[str]) -> list[str]:
    """Tie texts that begin with a dash to their options, as in ``--pair=-1|0``.

    argparse would take them for options of their own.
    """
    made: list[str] = []
    for argument in arguments:
        if made and made[-1] in names and argument.startswith("-") and not OPTION.match(argument):
            made[-1] = f"{made[-1]}={argument}"
        else:
            made.append(argument)
    return made


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which model is opened, and how."""
    parser.add_argument("--model", required=True, metavar="M", help="a specimen, a checkpoint folder or a hub id")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--dtype", choices=DTYPES, default="float32")


def add_readout_options(parser: argparse.ArgumentParser) -> None:
    """Add what is cut and what is read out."""
    parser.add_argument(
        "--cut", action="append", default=[], metavar="CUT", help="SITE@POSITIONS=OP(params), such as L3H5.z@4=silence"
    )
    parser.add_argument("--plan", type=Path, metavar="FILE", help="a JSON list of cuts, or an answer of run")
    parser.add_argument("--target", metavar="TEXT", help="the token to follow; default is the likeliest")
    parser.add_argument("--versus", metavar="TEXT", help="the token to compare the target with")
    parser.add_argument(
        "--pair", action="append", default=[], metavar="A|B", help="two words or positions whose similarity to follow"
    )
    parser.add_argument("--top", type=_count, default=10, metavar="N", help="how many predictions to list")


def _count(text: str) -> int:
    number = int(text) if re.fullmatch(r"\d+", text) else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return number


def open_quietly(options: argparse.Namespace) -> LoadedModel:
    """Open the model that the options name, with progress on stderr when somebody is looking."""
    from core.cancel import CancelToken
    from core.models.loading import open_model

    shown = sys.stderr.isatty()

    def report(text: str, fraction: float | None) -> None:
        if shown:
            share = "" if fraction is None else f" {fraction:.0%}"
            sys.stderr.write(f"\r\033[K{text}{share}")

    try:
        return open_model(
            options.model, device=options.device, dtype=options.dtype, report=report, cancel=CancelToken()
        )
    finally:
        if shown:
            sys.stderr.write("\r\033[K")


def session_of(options: argparse.Namespace, prompt: str) -> Session:
    """Return the session that the options describe.

    Raises
    ------
    SurgeryError
        If a cut, a pair or the plan file cannot be read.
    """
    plan = Plan() if options.plan is None else read_plan(options.plan)
    return Session(
        model=options.model,
        prompt=prompt,
        plan=plan.added(*(parse_cut(text) for text in options.cut)),
        pairs=tuple(parse_pair(text) for text in options.pair),
        target=options.target,
        versus=options.versus,
        top_k=options.top,
    )


def read_plan(path: Path) -> Plan:
    """Read a plan file.

    Raises
    ------
    SurgeryError
        If the file cannot be read or holds no plan.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SurgeryError(f"The plan file {path} cannot be read: {error.strerror}.", "Check its name.") from error
    except (RecursionError, ValueError) as error:
        raise SurgeryError(f"The plan file {path} is not JSON: {error}.", "Write a JSON list of cuts.") from error
    return parse_plan(document)


def parse_pair(text: str) -> TokenPair:
    """Read a pair such as ``pineapple|pizza`` or ``4|9``.

    Raises
    ------
    SurgeryError
        If it does not name two places.
    """
    first, bar, second = text.partition("|")
    if not bar or not first.strip() or not second.strip():
        raise SurgeryError(f"{text!r} is not a pair.", 'Write it like "pineapple|pizza" or "4|9".')
    return TokenPair(_place(first), _place(second), text)


def _place(text: str) -> Selection:
    if re.fullmatch(r"\s*-?\d{1,9}\s*", text):
        return at(int(text))
    if text.strip() == "mask":
        return MASK
    if len(text) > 2 and text[0] == text[-1] == '"':
        return text_selection(text[1:-1])
    return text_selection(text)
