"""``run``: one plan on one prompt, answered as JSON."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from core.command_line.options import add_readout_options, add_seeds_option
from core.command_line.running import add_running_options, heed, opened_models, session_to_run, write_answer
from core.runs.result import OVERFLOWED, OVERFLOWED_HINT
from core.sessions.session import patching_words

if TYPE_CHECKING:
    from core.runs.result import RunResult
    from core.sessions.session import Session


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("run", help="run a plan on a prompt and print what was measured as JSON")
    add_running_options(parser)
    add_readout_options(parser)
    add_seeds_option(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Run the plan and write the answer."""
    session = session_to_run(options)
    from core.runs.answer import answer

    write_answer(options, answer(_result(options, session), patching_words(session)))
    return 0


def _result(options: argparse.Namespace, session: Session) -> RunResult:
    from core.cancel import CancelToken
    from core.runs.cache import RunCache
    from core.runs.events import Finished, Resolved
    from core.sessions.operate import operate

    loaded, donor = opened_models(options, session)
    for event in operate(loaded, session, RunCache(), CancelToken(), donor):
        if isinstance(event, Resolved):
            heed(session, event.notes)
        if isinstance(event, Finished):
            if not event.result.finite:
                sys.stderr.write(f"{OVERFLOWED} {OVERFLOWED_HINT}\n")
            return event.result
    raise RuntimeError("the run ended without a result")
