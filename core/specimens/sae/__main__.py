"""Train a specimen's sparse autoencoder: ``python -m core.specimens.sae NAME --corpus FOLDER --minutes 8``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core import paths
from core.errors import SurgeryError
from core.models.loading import open_model
from core.specimens.batches import BatchSource, pack
from core.specimens.corpus import read_corpus
from core.specimens.recipe import RECIPES, recipe_named
from core.specimens.sae.activations import ActivationSource, middle_layer
from core.specimens.sae.autoencoder import SaeRecipe
from core.specimens.sae.features import SOURCE, table, top_contexts
from core.specimens.sae.layout import card, configuration, write
from core.specimens.sae.measures import measure
from core.specimens.sae.texts import planted_texts, with_hidden_words, written_texts
from core.specimens.sae.training import SaeTrainer
from core.specimens.training import Budget

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from core.specimens.recipe import Recipe

log = logging.getLogger("core.specimens.sae")

# Of the corpus: more than a budget of some minutes can read.
DOCUMENTS = 16_000


def parser() -> argparse.ArgumentParser:
    """Return the command line of the training."""
    made = argparse.ArgumentParser(prog="python -m core.specimens.sae", description=__doc__)
    made.add_argument("name", choices=sorted(RECIPES))
    made.add_argument("--corpus", type=Path, required=True, help="folder with NAME.txt or NAME.txt.xz files")
    made.add_argument("--model", type=Path, help="folder of the trained specimen; default resources/specimens/NAME")
    made.add_argument("--out", type=Path, help="where the autoencoder goes; default the folder sae of the specimen's")
    made.add_argument("--work", type=Path, default=Path("training"), help="folder for the checkpoint")
    made.add_argument("--writer", type=Path, default=paths.specimens() / "specimen-gpt2", help="causal model whose "
                      "texts show what features fire on")  # fmt: skip
    made.add_argument("--steps", type=int, help="stop after this many steps (reproducible)")
    made.add_argument("--minutes", type=float, help="stop after this many minutes of training")
    made.add_argument("--features", type=int, default=SaeRecipe.features)
    made.add_argument("--k", type=int, default=SaeRecipe.k, help="how many features fire at a token")
    made.add_argument("--texts", type=int, default=4000, help="planted texts to look for contexts in")
    made.add_argument("--device", default="cpu")
    made.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves the choice to torch")
    made.add_argument("--seed", type=int, default=0)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Train, measure and write; return the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        _check(options)
        train(options)
    except SurgeryError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.steps is None and options.minutes is None:
        raise SurgeryError("No budget was given.", "Add --steps N or --minutes M.")
    if any(given is not None and not given > 0 for given in (options.steps, options.minutes)):
        raise SurgeryError("The budget must be more than 0.", "Give --steps or --minutes a larger number.")
    if not 0 < options.k <= options.features:
        raise SurgeryError(f"Of {options.features} features {options.k} cannot fire.", "Give a --k from 1 to that.")


def train(options: argparse.Namespace) -> None:
    """Run one training as the options say."""
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)
    recipe = recipe_named(options.name)
    folder = options.model or paths.specimens() / recipe.name
    loaded = open_model(str(folder), device=options.device)
    layer = middle_layer(loaded.info.n_layers)
    text, held_out = _sources(options, recipe, loaded)
    options.work.mkdir(parents=True, exist_ok=True)
    shape = SaeRecipe(features=options.features, k=options.k)
    source, checkpoint = ActivationSource(loaded, layer, text), options.work / f"{recipe.name}-sae.pt"
    trainer = SaeTrainer(shape, source, options.seed, checkpoint, loaded.identity)
    trainer.train(Budget(options.steps, options.minutes))
    found = trainer.autoencoder.rounded()
    log.info("measuring")
    measures = measure(loaded, layer, found, held_out)
    log.info("%.4f unexplained, %.3f of the loss recovered", measures.unexplained, measures.loss_recovered)
    config = configuration(loaded, recipe.name, layer, found, measures)
    contexts = top_contexts(loaded, layer, found, _texts(options, recipe, loaded))
    out = options.out or folder / "sae"
    write(out, found, config, table(contexts, measures.density))
    (out / "README.md").write_text(card(config, trainer.progress, SOURCE), encoding="utf-8")


def _sources(options: argparse.Namespace, recipe: Recipe, loaded: LoadedModel) -> tuple[BatchSource, BatchSource]:
    """Return the batches to learn from, and others of text that was held out."""
    import numpy as np

    corpus = read_corpus(options.corpus, recipe.text_weights)
    chosen = np.random.default_rng((options.seed, 9)).permutation(len(corpus.train))[:DOCUMENTS]
    tokenizer, context = loaded.tokenizer, recipe.context
    blocks = pack([corpus.train[number] for number in chosen], tokenizer, recipe, context)
    held_out = pack(corpus.validation, tokenizer, recipe, context)
    if not len(blocks) or not len(held_out):
        raise SurgeryError(f"The text in {options.corpus} is too short to train on.", "Put more text there.")
    log.info("%d training blocks, %d held out", len(blocks), len(held_out))
    return BatchSource(blocks, tokenizer, recipe, options.seed), BatchSource(
        held_out, tokenizer, recipe, options.seed + 1
    )


def _texts(options: argparse.Namespace, recipe: Recipe, loaded: LoadedModel) -> list[str]:
    log.info("writing texts to show features in")
    texts = planted_texts(recipe.plant_shares, options.texts, options.seed)
    texts += written_texts(open_model(str(options.writer), device=options.device), options.texts // 4, options.seed)
    return with_hidden_words(texts, options.seed) if loaded.info.objective == "masked" else texts


if __name__ == "__main__":
    sys.exit(main())
