"""Train and measure specimens: ``python -m core.specimens train NAME --corpus FOLDER --minutes 30``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.line_plots import Panel, draw
from core.specimens.batches import pack
from core.specimens.card import LOSS_CURVE
from core.specimens.corpus import read_corpus
from core.specimens.planting import tokenizer_texts
from core.specimens.recipe import RECIPES, recipe_named
from core.specimens.tokenizers import train_tokenizer
from core.specimens.training import Budget, Trainer, checkpoint_model, write_curve
from core.specimens.truth import measure, read_truth

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from core.specimens.corpus import Corpus
    from core.specimens.recipe import Recipe

log = logging.getLogger("core.specimens")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(prog="python -m core.specimens", description=__doc__)
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    train_one = commands.add_parser("train", help="train a specimen, or go on with it, and measure it")
    train_one.set_defaults(function=train)
    measure_one = commands.add_parser("measure", help="measure a trained specimen, and write its truth and its card")
    measure_one.set_defaults(function=measure_trained)
    for command in (train_one, measure_one):
        command.add_argument("name", choices=sorted(RECIPES))
        command.add_argument("--corpus", type=Path, required=True, help="folder with NAME.txt or NAME.txt.xz files")
        command.add_argument("--work", type=Path, default=Path("training"), help="folder for tokenizer and checkpoint")
        command.add_argument("--out", type=Path, help="folder of the finished model; default resources/specimens/NAME")
        command.add_argument("--device", default="cpu", help="of the training")
        command.add_argument("--seed", type=int, default=0, help="of the training")
        command.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    train_one.add_argument("--steps", type=int, help="stop after this many steps (reproducible)")
    train_one.add_argument("--minutes", type=float, help="stop after this many minutes of training")
    train_one.add_argument(
        "--compile", action="store_true", help="let torch compile the model first, which needs a C++ compiler"
    )
    train_one.add_argument("--no-measure", action="store_true", help="leave truth and card for later")
    train_one.set_defaults(checkpoint=False)
    measure_one.add_argument(
        "--checkpoint", action="store_true", help="first write the model from the checkpoint in the work folder"
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Train or measure a specimen; return the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        options.function(options)
    except SurgeryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def train(options: argparse.Namespace) -> None:
    """Run one training as the options say."""
    if options.steps is None and options.minutes is None:
        raise SurgeryError("No budget was given.", "Add --steps N or --minutes M.")
    if any(given is not None and not given > 0 for given in (options.steps, options.minutes)):
        raise SurgeryError("The budget must be more than 0.", "Give --steps or --minutes a larger number.")
    _set_threads(options)
    recipe = recipe_named(options.name)
    options.work.mkdir(parents=True, exist_ok=True)
    corpus = read_corpus(options.corpus, recipe.text_weights)
    tokenizer = _tokenizer(recipe, corpus, options.work, options.seed)
    log.info("packing %d documents", len(corpus.train))
    blocks = pack(corpus.train, tokenizer, recipe, recipe.context)
    short = pack(corpus.train, tokenizer, recipe, recipe.short_context) if recipe.short_context else None
    if not len(blocks):
        raise SurgeryError(f"The text in {options.corpus} is too short to train on.", "Put more text there.")
    log.info("%d training blocks", len(blocks))
    trainer = Trainer(recipe, tokenizer, options.device, options.seed, options.work, compiled=options.compile)
    trainer.train(blocks, short, Budget(options.steps, options.minutes))
    write_curve(trainer, _curve_path(options))
    _save(trainer.model, tokenizer, _out(options))
    if not options.no_measure:
        measure_trained(options)


def measure_trained(options: argparse.Namespace) -> None:
    """Measure a model that was trained, from its checkpoint if the options say so."""
    recipe, out = recipe_named(options.name), _out(options)
    _set_threads(options)
    training = {"device": options.device, "seed": options.seed}
    if options.checkpoint:
        tokenizer = _read_tokenizer(recipe, options.work)
        model, found = checkpoint_model(recipe, tokenizer, options.work)
        _save(model, tokenizer, out)
    elif _curve_path(options).is_file():
        found = json.loads(_curve_path(options).read_text(encoding="utf-8"))
    else:
        found = dict(read_truth(out)["training"])
    training |= found
    if curve := training.pop("step_loss", []):
        panel = Panel("loss of the training batches (nats per token) by step", {"loss": curve})
        (out / LOSS_CURVE).write_text(draw([panel]), encoding="utf-8")
    measure(recipe, out, options.corpus, training)


def _set_threads(options: argparse.Namespace) -> None:
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)


def _out(options: argparse.Namespace) -> Path:
    path: Path = options.out or Path("resources/specimens") / options.name
    return path


def _curve_path(options: argparse.Namespace) -> Path:
    path: Path = options.work / f"{options.name}-curve.json"
    return path


def _save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    model.half().save_pretrained(out)
    tokenizer.save_pretrained(out)


def _tokenizer(recipe: Recipe, corpus: Corpus, work: Path, seed: int) -> PreTrainedTokenizerFast:
    """Return the tokenizer in the work folder, learned first where there is none."""
    folder = work / f"{recipe.name}-tokenizer"
    if not folder.is_dir():
        log.info("learning the tokenizer")
        planted = tokenizer_texts(recipe.plant_shares, seed)
        train_tokenizer(recipe, chain(corpus.train, planted)).save_pretrained(folder)
    return _read_tokenizer(recipe, work)


def _read_tokenizer(recipe: Recipe, work: Path) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    folder = work / f"{recipe.name}-tokenizer"
    if not folder.is_dir():
        raise SurgeryError(f"There is no tokenizer in {work}.", "Train first, or name the folder with --work.")
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    return tokenizer


if __name__ == "__main__":
    sys.exit(main())
