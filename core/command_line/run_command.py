"""``run``: one plan on one prompt, answered as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.command_line.check_command import failure_words
from core.command_line.options import (
    add_model_options,
    add_readout_options,
    add_supply_options,
    open_quietly,
    session_of,
)
from core.command_line.output import say
from core.errors import SurgeryError
from core.interventions.notation import format_cut
from core.models.tokenizing import check_text
from core.runs.result import OVERFLOWED, OVERFLOWED_HINT
from core.sessions.other_texts import COUNTERFACTUAL
from core.sessions.session import patching_words

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.runs.events import Note
    from core.runs.result import RunResult
    from core.sessions.session import Session


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("run", help="run a plan on a prompt and print what was measured as JSON")
    add_model_options(parser)
    parser.add_argument("--prompt", required=True, metavar="TEXT")
    add_readout_options(parser)
    add_supply_options(parser)
    parser.add_argument("--out", default="-", metavar="FILE", help="where the answer goes; - is standard output")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Run the plan and write the answer."""
    session = session_of(options, options.prompt)
    # Said at once: importing what runs a model takes seconds.
    check_text(options.prompt, "The prompt")
    if options.donor_prompt is not None:
        check_text(options.donor_prompt, COUNTERFACTUAL)
    out = None if options.out == "-" else Path(options.out)
    if out is not None and (not options.out or out.is_dir()):
        raise SurgeryError(f"{options.out!r} is not a file's name.", "Give --out a file, or - for standard output.")
    if out is not None and not out.absolute().parent.is_dir():
        raise SurgeryError(f"The folder {out.absolute().parent} does not exist.", "Make it first.")
    from core.runs.answer import answer

    found = answer(_result(options, session), patching_words(session))
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if out is None:
        say(text)
        return 0
    try:
        out.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SurgeryError(f"{out} cannot be written: {error.strerror}.", "Choose another file.") from error
    return 0


def _result(options: argparse.Namespace, session: Session) -> RunResult:
    from core.cancel import CancelToken
    from core.runs.cache import RunCache
    from core.runs.events import Finished, Resolved
    from core.sessions.operate import operate

    loaded = _checked(options)
    donor = _checked(options, session.donor_model) if session.donor_model else None
    for event in operate(loaded, session, RunCache(), CancelToken(), donor):
        if isinstance(event, Resolved):
            for note in event.notes:
                if not note.expected:
                    raise SurgeryError(note_words(session, note), note.hint)
        if isinstance(event, Finished):
            if not event.result.finite:
                sys.stderr.write(f"{OVERFLOWED} {OVERFLOWED_HINT}\n")
            return event.result
    raise RuntimeError("the run ended without a result")


def _checked(options: argparse.Namespace, name: str | None = None) -> LoadedModel:
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


def note_words(session: Session, note: Note) -> str:
    """Return what a note says, with the cut it speaks of where there are several."""
    if note.part == "incision" and note.index is not None and len(session.plan) > 1:
        return f"{format_cut(session.plan[note.index])}: {note.message}"
    return note.message
