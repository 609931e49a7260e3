"""Train a specimen: ``python -m core.specimens NAME --corpus FOLDER --minutes 30``."""

from __future__ import annotations

import argparse
import logging
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.specimens.batches import pack
from core.specimens.card import TrainingReport, write_card
from core.specimens.corpus import read_corpus
from core.specimens.planting import tokenizer_texts
from core.specimens.recipe import RECIPES, recipe_named
from core.specimens.tokenizers import train_tokenizer
from core.specimens.training import VALIDATION_BLOCKS, Budget, Trainer, write_curve

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from core.specimens.corpus import Corpus
from core.specimens.recipe import Recipe

log = logging.getLogger("core.specimens")


def parser() -> argparse.ArgumentParser:
    """Return the command line of the training."""
    made = argparse.ArgumentParser(prog="python -m core.specimens", description=__doc__)
    made.add_argument("name", choices=sorted(RECIPES))
    made.add_argument("--corpus", type=Path, required=True, help="folder with NAME.txt or NAME.txt.xz files")
    made.add_argument("--work", type=Path, default=Path("training"), help="folder for tokenizer and checkpoint")
    made.add_argument("--out", type=Path, help="where the finished model goes; default resources/specimens/NAME")
    made.add_argument("--steps", type=int, help="stop after this many steps (reproducible)")
    made.add_argument("--minutes", type=float, help="stop after this many minutes of training")
    made.add_argument("--device", default="cpu")
    made.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    made.add_argument("--seed", type=int, default=0)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Train, then write checkpoint, tokenizer and card; return the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        train(options)
    except SurgeryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def train(options: argparse.Namespace) -> None:
    """Run one training as the options say."""
    import torch

    if options.steps is None and options.minutes is None:
        raise SurgeryError("No budget was given.", "Add --steps N or --minutes M.")
    if any(given is not None and not given > 0 for given in (options.steps, options.minutes)):
        raise SurgeryError("The budget must be more than 0.", "Give --steps or --minutes a larger number.")
    if options.threads:
        torch.set_num_threads(options.threads)
    recipe = recipe_named(options.name)
    options.work.mkdir(parents=True, exist_ok=True)
    corpus = read_corpus(options.corpus, recipe.text_weights)
    tokenizer = _tokenizer(recipe, corpus, options.work, options.seed)
    log.info("packing %d documents", len(corpus.train))
    blocks = pack(corpus.train, tokenizer, recipe, recipe.context)
    short = pack(corpus.train, tokenizer, recipe, recipe.short_context) if recipe.short_context else None
    held_out = pack(corpus.validation, tokenizer, recipe, recipe.context)
    if not len(blocks) or not len(held_out):
        raise SurgeryError(f"The text in {options.corpus} is too short to train on.", "Put more text there.")
    log.info("%d training blocks, %d held out", len(blocks), len(held_out))
    trainer = Trainer(recipe, tokenizer, options.device, options.seed, options.work)
    trainer.train(blocks, short, Budget(options.steps, options.minutes))
    held_out = held_out[torch.randperm(len(held_out), generator=torch.Generator().manual_seed(options.seed)).numpy()]
    report = TrainingReport(
        progress=trainer.progress,
        sources=corpus.sources,
        n_parameters=trainer.model.num_parameters(),
        train_tokens=blocks.size,
        validation_tokens=min(len(held_out), VALIDATION_BLOCKS) * recipe.context,
        validation_loss=trainer.validation_loss(held_out),
        device=options.device,
        seed=options.seed,
    )
    log.info("validation loss %.4f", report.validation_loss)
    out = options.out or Path("resources/specimens") / recipe.name
    write_curve(trainer, options.work / f"{recipe.name}-curve.json")
    trainer.model.half().save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "README.md").write_text(write_card(recipe, report), encoding="utf-8")


def _tokenizer(recipe: Recipe, corpus: Corpus, work: Path, seed: int) -> PreTrainedTokenizerFast:
    from transformers import PreTrainedTokenizerFast

    folder = work / f"{recipe.name}-tokenizer"
    if not folder.is_dir():
        log.info("learning the tokenizer")
        planted = tokenizer_texts(recipe.plant_shares, seed)
        train_tokenizer(recipe, chain(corpus.train, planted)).save_pretrained(folder)
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    return tokenizer


if __name__ == "__main__":
    sys.exit(main())
