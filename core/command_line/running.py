"""What the commands that run a session share: models that are checked, notes that are heeded, where the answer goes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.command_line.check_command import failure_words
from core.command_line.options import (
    add_model_options,
    add_plan_options,
    add_supply_options,
    open_quietly,
    session_of,
)
from core.command_line.output import say
from core.errors import SurgeryError
from core.interventions.notation import format_cut
from core.models.tokenizing import check_text
from core.sessions.other_texts import COUNTERFACTUAL, HOW_TO_SUPPLY

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.events import Note
    from core.sessions.session import Session

# What the window asks for in its own words is given here by an option.
BY_OPTION = {
    HOW_TO_SUPPLY["donor"][1]: "Give one with --donor-prompt.",
    HOW_TO_SUPPLY["references"][1]: "Give a set, or a file of your own, with --references.",
    HOW_TO_SUPPLY["transplant"][1]: "Give one with --donor-model.",
}


def add_running_options(parser: argparse.ArgumentParser) -> None:
    """Add the model, the prompt, the plan with all it takes from, and where the answer goes."""
    add_prompt_options(parser)
    add_plan_options(parser)
    add_supply_options(parser)
    add_out_option(parser)


def add_prompt_options(parser: argparse.ArgumentParser) -> None:
    """Add the model and the prompt."""
    add_model_options(parser)
    parser.add_argument("--prompt", required=True, metavar="TEXT")


def add_out_option(parser: argparse.ArgumentParser) -> None:
    """Add where the answer goes."""
    parser.add_argument("--out", default="-", metavar="FILE", help="where the answer goes; - is standard output")


def session_to_run(options: argparse.Namespace) -> Session:
    """Return the session that the options describe, once it is sure that it can be run and answered.

    Raises
    ------
    SurgeryError
        Before anything is imported that runs a model, which takes seconds.
    """
    session = session_of(options, options.prompt)
    check_text(options.prompt, "The prompt")
    if options.donor_prompt is not None:
        check_text(options.donor_prompt, COUNTERFACTUAL)
    check_out(options)
    return session


def check_out(options: argparse.Namespace) -> None:
    """Check that the answer has a place to go to.

    Raises
    ------
    SurgeryError
        If it has none.
    """
    out = out_file(options)
    if out is not None and (not options.out or out.is_dir()):
        raise SurgeryError(f"{options.out!r} is not a file's name.", "Give --out a file, or - for standard output.")
    if out is not None and not out.absolute().parent.is_dir():
        raise SurgeryError(f"The folder {out.absolute().parent} does not exist.", "Make it first.")


def opened_models(options: argparse.Namespace, session: Session) -> tuple[LoadedModel, LoadedModel | None]:
    """Open the model and, where the session names one, the donor model."""
    loaded = checked_model(options)
    return loaded, checked_model(options, session.donor_model) if session.donor_model else None


def heed(session: Session, notes: tuple[Note, ...]) -> None:
    """Refuse a session that cannot be followed as a whole.

    Raises
    ------
    SurgeryError
        What the first note says.
    """
    for note in notes:
        if not note.expected:
            raise SurgeryError(_words(session, note), BY_OPTION.get(note.hint, note.hint))


def write_answer(options: argparse.Namespace, found: dict[str, Any]) -> None:
    """Write an answer as JSON to where the options say.

    Raises
    ------
    SurgeryError
        If it cannot be written.
    """
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    out = out_file(options)
    if out is None:
        say(text)
        return
    with writing(out):
        out.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is written into one sentence.

    Raises
    ------
    SurgeryError
        If it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise SurgeryError(f"{file} cannot be written: {error.strerror}.", "Choose another file.") from error


def out_file(options: argparse.Namespace) -> Path | None:
    """Return the file that the answer goes to; None for standard output."""
    return None if options.out == "-" else Path(options.out)


def checked_model(options: argparse.Namespace, name: str | None = None) -> LoadedModel:
    """Open a model, and warn if its numbers are not to be trusted."""
    from core.cancel import CancelToken
    from core.runs.acceptance import refuse_unverified
    from core.runs.self_check import self_check

    loaded = open_quietly(options, name)
    checked = self_check(loaded, CancelToken())
    refuse_unverified(loaded.info, checked)
    if not checked.passed:
        sys.stderr.write(f"{failure_words(loaded.info, checked)}\n")
    return loaded


def _words(session: Session, note: Note) -> str:
    """Return what a note says, with the cut it speaks of where there are several."""
    if note.part == "incision" and note.index is not None and len(session.plan) > 1:
        return f"{format_cut(session.plan[note.index])}: {note.message}"
    return note.message
