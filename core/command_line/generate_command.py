"""``generate``: a prompt continued clean and operated, or its masks filled, answered as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.command_line.running import add_running_options, heed, opened_models, session_to_run, write_answer
from core.errors import SurgeryError
from core.sessions import edits
from core.sessions.settings import GENERATION

if TYPE_CHECKING:
    from core.interventions.operation import Parameter
    from core.interventions.plan import ParamValue
    from core.sessions.session import Session

# What `run` reads out and this does not.
NO_READOUTS: dict[str, Any] = {"target": None, "versus": None, "pair": [], "top": 10, "seeds": 1}


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("generate", help="continue a prompt with and without a plan, or fill its masks")
    add_running_options(parser)
    for name, parameter in GENERATION.items():
        option = f"--{name.replace('_', '-')}"
        if parameter.kind == "choice":
            parser.add_argument(option, choices=parameter.choices, default=parameter.default, help=parameter.help)
        else:
            parser.add_argument(
                option, type=_value(parameter), default=parameter.default, metavar="N", help=parameter.help
            )
    parser.set_defaults(function=run, **NO_READOUTS)


def run(options: argparse.Namespace) -> int:
    """Continue the prompt and write the answer."""
    session = edits.with_generation(session_to_run(options), **{name: getattr(options, name) for name in GENERATION})
    write_answer(options, _answer(options, session))
    return 0


def _value(parameter: Parameter) -> Callable[[str], ParamValue]:
    def value(text: str) -> ParamValue:
        try:
            return parameter.checked(text)
        except SurgeryError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error.hint.lower().removesuffix('.')}") from error

    return value


def _answer(options: argparse.Namespace, session: Session) -> dict[str, Any]:
    from core.cancel import CancelToken
    from core.runs.answer import continuation_answer
    from core.runs.cache import RunCache
    from core.runs.events import Resolved
    from core.runs.generate import OVERFLOW, side_text
    from core.runs.generation import Continued
    from core.sessions.operate import continue_prompt

    loaded, donor = opened_models(options, session)
    made: Continued | None = None
    for event in continue_prompt(loaded, session, RunCache(), CancelToken(), donor):
        if isinstance(event, Resolved):
            heed(session, event.notes)
        if isinstance(event, Continued):
            made = event
    assert made is not None and made.done
    for name, side in (("clean", made.clean), ("operated", made.operated)):
        if side.ended == OVERFLOW:
            sys.stderr.write(f"The {name} continuation overflowed and ends there. Choose smaller doses.\n")
    texts = [side_text(loaded, made, side) for side in (made.clean, made.operated)]
    return continuation_answer(made, loaded.info, *texts)
