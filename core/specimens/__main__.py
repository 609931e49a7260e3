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
from core.specimens.training import Budget, Trainer, write_curve
from core.specimens.truth import measure, read_truth

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

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
    trainer = Trainer(recipe, tokenizer, options.device, options.seed, options.work)
    trainer.train(blocks, short, Budget(options.steps, options.minutes))
    _save(trainer, options)
    if not options.no_measure:
        _measure(options)


def measure_trained(options: argparse.Namespace) -> None:
    """Measure a model that was trained, from its checkpoint if the options say so."""
    _set_threads(options)
    if options.checkpoint:
        checkpoint = options.work / f"{options.name}.pt"
        if not checkpoint.is_file():
            raise SurgeryError(f"There is no checkpoint {checkpoint}.", "Train first, or give its folder as --work.")
        recipe, tokenizer = recipe_named(options.name), _read_tokenizer(_tokenizer_folder(options.name, options.work))
        _save(Trainer(recipe, tokenizer, options.device, options.seed, options.work), options)
    _measure(options)


def _save(trainer: Trainer, options: argparse.Namespace) -> None:
    write_curve(trainer, _curve_path(options))
    trainer.model.half().save_pretrained(_out(options))
    trainer.tokenizer.save_pretrained(_out(options))


def _measure(options: argparse.Namespace) -> None:
    out, curve = _out(options), _curve_path(options)
    training = {"device": options.device, "seed": options.seed}
    if curve.is_file():
        training |= json.loads(curve.read_text(encoding="utf-8"))
        panel = Panel("loss of the training batches (nats per token) by step", {"loss": training.pop("step_loss")})
        (out / LOSS_CURVE).write_text(draw([panel]), encoding="utf-8")
    else:
        training = read_truth(out)["training"]
    measure(recipe_named(options.name), out, options.corpus, training)


def _set_threads(options: argparse.Namespace) -> None:
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)


def _out(options: argparse.Namespace) -> Path:
    return options.out or Path("resources/specimens") / options.name


def _curve_path(options: argparse.Namespace) -> Path:
    path: Path = options.work / f"{options.name}-curve.json"
    return path


def _tokenizer_folder(name: str, work: Path) -> Path:
    return work / f"{name}-tokenizer"


def _tokenizer(recipe: Recipe, corpus: Corpus, work: Path, seed: int) -> PreTrainedTokenizerFast:
    folder = _tokenizer_folder(recipe.name, work)
    if not folder.is_dir():
        log.info("learning the tokenizer")
        planted = tokenizer_texts(recipe.plant_shares, seed)
        train_tokenizer(recipe, chain(corpus.train, planted)).save_pretrained(folder)
    return _read_tokenizer(folder)


def _read_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    return tokenizer


if __name__ == "__main__":
    sys.exit(main())
