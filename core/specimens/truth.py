"""Measuring a specimen against what is known of it: the truth that lies beside its weights."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.anatomy.attention_scores import SEQUENCES, attention_scores
from core.anatomy.sequences import frame_of
from core.cancel import CancelToken
from core.errors import SurgeryError
from core.models.loading import open_model
from core.specimens.asking import ask
from core.specimens.batches import pack
from core.specimens.card import write_card
from core.specimens.continuations import filled, written
from core.specimens.corpus import read_corpus
from core.specimens.held_out import TEXT_IN, compare
from core.specimens.plants import PLANTS
from core.specimens.recovery import by_group, by_subject, over_subjects

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerFast

    from core.models.loaded_model import LoadedModel
    from core.specimens.recipe import Recipe

log = logging.getLogger(__name__)

TRUTH = "truth.json"
SCHEMA = "truth/1"
HEAD_SEED = 0


@dataclass(frozen=True)
class Text:
    """The text a specimen was trained on, and what was held out, in tokens.

    Attributes
    ----------
    sources : mapping of str to int
        Tokens of each source, counted once, whatever its weight in the training.
    train : ndarray of int, shape [position]
        All of them as a stream.
    held_out : ndarray of int, shape [block, position]
    """

    sources: dict[str, int]
    train: NDArray[np.int16]
    held_out: NDArray[np.int16]


def read_text(recipe: Recipe, tokenizer: PreTrainedTokenizerFast, folder: Path) -> Text:
    """Read the corpus in a folder, every document once.

    Raises
    ------
    SurgeryError
        If there is none, or too little.
    """
    corpus = read_corpus(folder, dict.fromkeys(recipe.text_weights, 1))
    streams = {}
    for name in corpus.sources:
        blocks = pack(read_corpus(folder, {name: 1}).train, tokenizer, recipe, recipe.context)
        streams[name] = blocks[:, TEXT_IN[recipe.objective]].reshape(-1)
    held_out = pack(corpus.validation, tokenizer, recipe, recipe.context)
    train = np.concatenate(list(streams.values()))
    if not len(train) or not len(held_out):
        raise SurgeryError(f"The text in {folder} is too short to measure with.", "Put more text there.")
    return Text({name: len(stream) for name, stream in streams.items()}, train, held_out)


def measure(recipe: Recipe, model: Path, corpus: Path, training: dict[str, Any]) -> dict[str, Any]:
    """Measure the specimen in a folder and write its truth and its card there.

    Parameters
    ----------
    model, corpus : Path
        Folders of the checkpoint, and of the text it was trained on.
    training : dict
        How it was trained: ``step``, ``tokens``, ``seconds``, ``device``, ``seed``.

    Returns
    -------
    dict
        The truth, as it is written.
    """
    loaded = open_model(str(model.resolve()), device="cpu")
    tokenizer, info = loaded.tokenizer, loaded.info
    log.info("reading the text")
    text = read_text(recipe, tokenizer, corpus)
    log.info("comparing with 5-grams")
    compared = compare(loaded.network, tokenizer, text.train, text.held_out, recipe.objective)
    log.info("asking for what was planted")
    told = written if recipe.objective == "causal" else filled
    truth = {
        "schema": SCHEMA,
        "specimen": recipe.name,
        "parameters": info.n_parameters,
        "training": training,
        "text": {name: {"weight": recipe.text_weights[name], "tokens": count} for name, count in text.sources.items()},
        "held_out": compared,
        "plants": {key: recovered(loaded, key, recipe) for key in recipe.plant_shares},
        "induction": induction(loaded),
        "written": told(loaded.network, tokenizer, info.context),
    }
    write(truth, recipe, model)
    return truth


def recovered(loaded: LoadedModel, key: str, recipe: Recipe) -> dict[str, Any]:
    """Return how a model answers the probes of a plant: by group and, held out, by subject."""
    probes = PLANTS[key].probes(recipe.objective)
    answers = ask(loaded.network, loaded.tokenizer, probes, loaded.info.context)
    subjects = by_subject(answer for answer in answers if answer.probe.group.startswith("held-out"))
    return {
        "share": recipe.plant_shares[key],
        "groups": by_group(probes, answers),
        "subjects": subjects,
        "over_subjects": over_subjects(subjects) if subjects else None,
    }


def induction(loaded: LoadedModel) -> dict[str, Any]:
    """Return the induction score of every head, on random tokens that are written twice.

    For a causal model the attention from a token's second occurrence to the token after its first
    one; source: Olsson et al. 2022. For a masked one the attention from a mask in the second
    copy to the token in the first copy that it hides.
    """
    name = "induction" if loaded.info.objective == "causal" else "masked_copy"
    scores = attention_scores(loaded, HEAD_SEED, CancelToken())[name]
    layer, head = np.unravel_index(int(scores.argmax()), scores.shape)
    return {
        "score": name,
        "seed": HEAD_SEED,
        "sequences": SEQUENCES,
        "length": frame_of(loaded).length,
        "best": {"layer": int(layer), "head": int(head), "score": float(scores.max())},
        "scores": scores.tolist(),
    }


def write(truth: dict[str, Any], recipe: Recipe, model: Path) -> None:
    """Write truth and card into a model's folder."""
    (model / TRUTH).write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    (model / "README.md").write_text(write_card(recipe, truth), encoding="utf-8")


def read_truth(model: Path) -> dict[str, Any]:
    """Return the truth in a model's folder.

    Raises
    ------
    SurgeryError
        If it was not measured yet.
    """
    path = model / TRUTH
    if not path.is_file():
        raise SurgeryError(f"{model} was not measured yet.", "Run: python -m core.specimens measure")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
