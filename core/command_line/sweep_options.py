"""The options of ``sweep``, and what they mean."""

from __future__ import annotations

import argparse
import re
from importlib.util import find_spec
from pathlib import Path

from core.command_line.options import add_readout_options, add_supply_options
from core.command_line.running import add_out_option, add_prompt_options
from core.errors import SurgeryError
from core.interventions.notation import parse_cut
from core.sessions.sweep_spec import MOST_DOSES, POINTS, SITES, SweepSpec, spread_doses
from core.sites.selection import parse_selection

OPERATION = re.compile(r"\s*\w+\s*(\(.*\))?\s*", re.DOTALL)
ENDINGS = (".json", ".csv", ".parquet")
HOW_OPERATION = "Write it like silence or noise(sigma=2,seed=0)."
HOW_DOSES = "Write it like 0:2:5, five doses from 0 to 2, or 0,0.5,1."


def add_sweep_options(parser: argparse.ArgumentParser) -> None:
    """Add what is swept, with what, and how."""
    add_prompt_options(parser)
    parser.add_argument("--sites", required=True, choices=SITES, help="which places, each of them a cell")
    parser.add_argument(
        "--at", required=True, metavar="POSITIONS", help="the tokens of every cell; each makes a cell of each token"
    )
    parser.add_argument(
        "--op", required=True, metavar="OP", help="the operation, such as noise(sigma=2,seed=0): one seed in all cells"
    )
    parser.add_argument("--layer", type=_layer, metavar="N", help="this layer only; needed for neurons")
    parser.add_argument("--dose", metavar="A:B:N", help="N doses of the operation from A to B, or a list like 0,0.5,1")
    add_readout_options(parser)
    add_supply_options(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--exact", action="store_true", help="run every cell, which is the default")
    how.add_argument(
        "--bf16",
        action="store_true",
        help="run every cell, faster: what it differs by from the clean run is multiplied in bf16, and how far that is "
        "from exact is measured on some cells and stated",
    )
    how.add_argument("--screen", action="store_true", help="estimate all cells at once from gradients")
    add_out_option(parser)
    parser.add_argument(
        "--resume", action="store_true", help="go on from what an interrupted sweep has left beside --out"
    )
    # The plan is made of the swept places; each cell has one seed.
    parser.set_defaults(plan=None, cut=[], seeds=1)


def _layer(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a layer's number")
    return int(text)


def spec_of(options: argparse.Namespace) -> SweepSpec:
    """Return what is to be swept.

    Raises
    ------
    SurgeryError
        If the operation, the tokens or the doses cannot be read, or do not go together.
    """
    if not OPERATION.fullmatch(options.op):
        raise SurgeryError(f"{options.op!r} is not an operation.", HOW_OPERATION)
    incision = parse_cut(f"L0.{POINTS[options.sites][0]}={options.op}")
    spec = SweepSpec(
        sites=options.sites,
        at=None if options.at.strip() == "each" else parse_selection(options.at),
        operation=incision.operation,
        params=incision.params,
        layer=options.layer,
        doses=() if options.dose is None else parse_doses(options.dose),
        bf16=options.bf16,
    )
    spec.check()
    return spec


def parse_doses(text: str) -> tuple[float, ...]:
    """Read doses such as ``0:2:5`` or ``0,0.5,1``.

    Raises
    ------
    SurgeryError
        If the text is neither.
    """
    try:
        if ":" not in text:
            return tuple(dict.fromkeys(map(float, text.split(","))))
        first, last, count = text.split(":")
        number = int(count)
        if not 1 <= number <= MOST_DOSES:
            raise SurgeryError(f"{number} doses cannot be swept.", f"Choose 1 to {MOST_DOSES}.")
        return tuple(dict.fromkeys(spread_doses(float(first), float(last), number)))
    except ValueError as error:
        raise SurgeryError(f"{text!r} does not name doses.", HOW_DOSES) from error


def check_answer(options: argparse.Namespace) -> None:
    """Check that the answer can be made in the form that is asked for.

    Raises
    ------
    SurgeryError
        If there is no such form, a package is missing, or there is nothing to resume from.
    """
    if options.screen and find_spec("core.runs.screen") is None:
        raise SurgeryError("The screen is not there yet.", "Leave --screen out to run every cell.")
    if options.out == "-":
        if options.resume:
            raise SurgeryError("A sweep to standard output keeps nothing to go on from.", "Give --out a file.")
        return
    if options.screen and options.resume:
        raise SurgeryError("A screen is done at once: there is nothing to go on from.", "Leave --resume out.")
    ending = Path(options.out).suffix.lower()
    if ending not in ENDINGS:
        raise SurgeryError(f"{options.out!r} is no kind of answer.", f"Give a file that ends in {', '.join(ENDINGS)}.")
    if ending == ".parquet" and find_spec("pyarrow") is None:
        raise SurgeryError(
            "Parquet needs the package pyarrow, which is not installed.", "Install it, or write .csv or .json."
        )
