"""Options that several commands share, and what they mean for a session."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.interventions.notation import parse_cut, parse_plan
from core.interventions.ops import OPERATIONS
from core.interventions.plan import Plan
from core.sessions import edits
from core.sessions.other_texts import wanted
from core.sessions.session import Session, TokenPair
from core.sessions.settings import SEEDS
from core.sites.selection import MASK, Selection, at, text_selection
from core.text.prompt_sets import prompts_of

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel

DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("float32", "float16", "bfloat16")


TEXT_OPTIONS = ("--prompt", "--cut", "--target", "--versus", "--pair", "--donor-prompt", "--at", "--dose")
MATCH = re.compile(r"\s*(\d{1,9})\s*:\s*(\d{1,9})\s*")
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


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    """Add what is cut."""
    parser.add_argument(
        "--cut", action="append", default=[], metavar="CUT", help="SITE@POSITIONS=OP(params), such as L3H5.z@4=silence"
    )
    parser.add_argument("--plan", type=Path, metavar="FILE", help="a JSON list of cuts, or an answer of run")


def add_readout_options(parser: argparse.ArgumentParser) -> None:
    """Add what is read out."""
    parser.add_argument("--target", metavar="TEXT", help="the token to follow; default is the likeliest")
    parser.add_argument("--versus", metavar="TEXT", help="the token to compare the target with")
    parser.add_argument(
        "--pair", action="append", default=[], metavar="A|B", help="two words or positions whose similarity to follow"
    )
    parser.add_argument("--top", type=count, default=10, metavar="N", help="how many predictions to list")


def add_seeds_option(parser: argparse.ArgumentParser) -> None:
    """Add how often a random plan is run."""
    parser.add_argument(
        "--seeds", type=_seeds, default=1, metavar="N", help="how many seeds a random plan is run with, up to 100"
    )


def add_supply_options(parser: argparse.ArgumentParser) -> None:
    """Add what operations take from besides the prompt."""
    parser.add_argument("--donor-prompt", metavar="TEXT", help="the counterfactual prompt, which patches come from")
    parser.add_argument(
        "--match", action="append", default=[], metavar="A:B",
        help="token A of the prompt belongs to token B of the donor prompt, whatever is matched by itself",
    )  # fmt: skip
    parser.add_argument(
        "--denoise",
        action="store_true",
        help="the donor prompt is the clean one: name the patch denoising, not noising",
    )
    parser.add_argument(
        "--references", metavar="SET", help="the reference prompts: a file with one a line, or everyday, names"
    )
    parser.add_argument("--donor-model", metavar="M", help="the model that a transplant comes from")


def count(text: str) -> int:
    """Read a whole number from 1, for argparse."""
    number = int(text) if re.fullmatch(r"\d+", text) else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return number


def _seeds(text: str) -> int:
    try:
        return int(SEEDS.checked(text))
    except SurgeryError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {SEEDS.maximum:g}") from error


def open_quietly(options: argparse.Namespace, name: str | None = None) -> LoadedModel:
    """Open the model that the options name, or another, with progress on stderr when somebody is looking."""
    from core.cancel import CancelToken
    from core.models.loading import open_model

    shown = sys.stderr.isatty()

    def report(text: str, fraction: float | None) -> None:
        if shown:
            share = "" if fraction is None else f" {fraction:.0%}"
            sys.stderr.write(f"\r\033[K{text}{share}")

    try:
        return open_model(
            name or options.model, device=options.device, dtype=options.dtype, report=report, cancel=CancelToken()
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
    session = Session(
        model=options.model,
        prompt=prompt,
        plan=plan.added(*(parse_cut(text) for text in options.cut)),
        pairs=tuple(parse_pair(text) for text in options.pair),
        target=options.target,
        versus=options.versus,
        top_k=options.top,
    )
    return _supplied(session, options)


def _supplied(session: Session, options: argparse.Namespace) -> Session:
    """Return the session with what its operations take from.

    What no cut of the plan takes is refused: it would be believed to have had an effect.
    """
    check_use(session, options)
    if options.donor_prompt is not None:
        session = edits.with_donor_prompt(session, options.donor_prompt)
    for text in options.match:
        session = _matched(session, text)
    if options.denoise:
        session = replace(session, clean_side="donor")
    if options.references is not None:
        session = edits.with_references(session, prompts_of(options.references))
    if options.donor_model is not None:
        session = edits.with_donor_model(session, options.donor_model)
    return edits.with_seeds(session, options.seeds)


def check_use(session: Session, options: argparse.Namespace) -> None:
    """Check that some cut takes each thing that is given.

    Raises
    ------
    SurgeryError
        If none does.
    """
    needs = wanted(session)
    patches = "donor" in needs
    random = any(OPERATIONS[each.operation].is_random(dict(each.params)) for each in session.plan)
    for option, given, used, what in (
        ("--donor-prompt", options.donor_prompt is not None, patches, "takes a donor prompt"),
        ("--match", options.match, patches, "takes a donor prompt"),
        ("--denoise", options.denoise, patches, "takes a donor prompt"),
        ("--references", options.references is not None, needs & {"references", "transplant"}, "takes references"),
        ("--donor-model", options.donor_model is not None, "transplant" in needs, "takes a donor model"),
        ("--seeds", options.seeds > 1, random, "is random"),
    ):
        if given and not used:
            raise SurgeryError(f"No cut of this plan {what}.", f"Leave {option} out.")


def _matched(session: Session, text: str) -> Session:
    found = MATCH.fullmatch(text)
    if found is None:
        raise SurgeryError(f"{text!r} is no match of tokens.", "Write it like 4:5, the position in the prompt first.")
    here, there = int(found[1]), int(found[2])
    if any(here == a or there == b for a, b in session.matches):
        raise SurgeryError(f"{text!r} matches a token that is matched already.", "Match each token once.")
    return edits.with_match(session, here, there)


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
