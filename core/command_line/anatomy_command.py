"""``anatomy``: what every head of a model does, measured and written as a sheet beside it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.command_line.options import add_model_options
from core.command_line.running import add_out_option, check_out, checked_model, write_answer
from core.errors import SurgeryError

if TYPE_CHECKING:
    from core.anatomy.questions import Question, Task
    from core.specimens.plant import Objective, Plant, Probe

QUESTIONS, SENTENCES = 64, 100
# Of what is never told nothing can be known: there the trained ones are asked for.
ASKED_AS_TRAINED = {"capitals"}
QUESTION_SEED = 7


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "anatomy", help="measure what each head does: scores, labels, and maps of what a specimen needs it for"
    )
    add_model_options(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the random sequences")
    parser.add_argument(
        "--questions", type=int, default=QUESTIONS, metavar="N", help=f"for each map of a specimen; default {QUESTIONS}"
    )
    add_out_option(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Measure the model and write the sheet."""
    from core.anatomy.measure import NAMES, measured
    from core.anatomy.sheet import as_document
    from core.cancel import CancelToken
    from core.specimens.plants import PLANTS
    from core.specimens.recipe import RECIPES

    if options.questions < 1 or options.seed < 0:
        raise SurgeryError("There are no questions to ask.", "Give --questions 1 or more, and --seed 0 or more.")
    check_out(options)
    loaded = checked_model(options)
    objective = loaded.info.objective
    # What a map shows was planted only in the specimens.
    plants = PLANTS if Path(options.model).name in RECIPES else ()
    tasks = [_task(plant, objective, options.questions) for plant in plants]
    names = _drawn(PLANTS[NAMES], objective, SENTENCES)[0]

    def report(text: str, fraction: float | None) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{text}")

    sheet = measured(loaded, names, tasks, options.seed, report, CancelToken())
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    write_answer(options, as_document(sheet))
    return 0


def _task(plant: Plant, objective: Objective, count: int) -> Task:
    from core.anatomy.questions import Task

    questions, groups = _drawn(plant, objective, count)
    return Task(plant.key, plant.title, questions, groups)


def _drawn(plant: Plant, objective: Objective, count: int) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """Return some of a plant's probes that have one likeliest answer: held-out ones, where they can be known."""
    import numpy as np

    trained = plant.key in ASKED_AS_TRAINED
    probes = [
        each for each in plant.probes(objective) if each.group.startswith("trained") == trained and _decided(each)
    ]
    chosen = np.random.default_rng(QUESTION_SEED).choice(len(probes), min(count, len(probes)), replace=False)
    found = [probes[number] for number in sorted(chosen)]
    return tuple(_question(each) for each in found), tuple(dict.fromkeys(each.group for each in found))


def _decided(probe: Probe) -> bool:
    """Whether one answer is likelier than all others."""
    odds = sorted(probe.odds.values())
    return len(odds) > 1 and odds[-1] > odds[-2]


def _question(probe: Probe) -> Question:
    from core.anatomy.questions import Question

    answer = max(probe.odds, key=lambda word: probe.odds[word])
    return Question(probe.prompt, answer, tuple(word for word in probe.odds if word != answer))
