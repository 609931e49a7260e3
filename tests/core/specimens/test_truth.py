"""Measuring a specimen: its truth, its card, and the command that writes both."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.anatomy.attention_scores import attention_scores
from core.cancel import CancelToken
from core.models.loading import open_model
from core.specimens.__main__ import main
from core.specimens.batches import pack
from core.specimens.card import write_card
from core.specimens.corpus import read_corpus
from core.specimens.plants import PLANTS
from core.specimens.recipe import Recipe
from core.specimens.truth import HEAD_SEED, read_truth


def command(what: str, recipe: Recipe, corpus: Path, folder: Path, *more: object) -> int:
    options = ["--corpus", corpus, "--work", folder, "--out", folder / "out", "--threads", 1, *more]
    return main([what, recipe.name, *map(str, options)])


@pytest.fixture
def truth(recipe: Recipe, corpus: Path, tmp_path: Path) -> dict[str, Any]:
    """Train a tiny specimen for one step, measure it, and return its truth."""
    assert command("train", recipe, corpus, tmp_path, "--steps", 1, "--seed", 7) == 0
    return read_truth(tmp_path / "out")


def test_that_a_hardly_trained_model_foresees_no_more_than_guessing(truth: dict[str, Any], tmp_path: Path) -> None:
    vocabulary = json.loads((tmp_path / "out" / "config.json").read_text())["vocab_size"]
    held_out = truth["held_out"]
    assert held_out["model"]["cross_entropy"] == pytest.approx(math.log(vocabulary), abs=0.8)
    # The few sentences of the corpus come again and again.
    assert held_out["five_gram"]["cross_entropy"] < 0.5 * math.log(vocabulary)
    for who in ("model", "five_gram"):
        assert held_out[who]["perplexity"] == pytest.approx(math.exp(held_out[who]["cross_entropy"]))


def test_that_the_causal_loss_is_that_of_the_library(
    truth: dict[str, Any], recipe: Recipe, corpus: Path, tmp_path: Path
) -> None:
    if recipe.objective != "causal":
        return
    loaded = open_model(str(tmp_path / "out"), device="cpu")
    network: Any = loaded.network
    import torch

    blocks = pack(read_corpus(corpus, recipe.text_weights).validation, loaded.tokenizer, recipe, recipe.context)
    losses = [float(network(ids[None], labels=ids[None]).loss) for ids in torch.from_numpy(blocks.astype(np.int64))]
    assert truth["held_out"]["model"]["cross_entropy"] == pytest.approx(float(np.mean(losses)), abs=1e-4)
    assert truth["held_out"]["tokens"] == blocks.shape[0] * (recipe.context - 1)


def test_that_every_plant_is_asked_for_with_nothing_left_untold(truth: dict[str, Any], recipe: Recipe) -> None:
    assert truth["plants"].keys() == recipe.plant_shares.keys()
    for key, found in truth["plants"].items():
        counts = {group: row["asked"] + row["left_out"] for group, row in found["groups"].items()}
        probes = PLANTS[key].probes(recipe.objective)
        assert sum(counts.values()) == len(probes)
        assert counts.keys() == {probe.group for probe in probes}


def test_that_the_best_head_for_induction_is_the_best_of_the_anatomys_scores(
    truth: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    found = truth["induction"]
    name = {"causal": "induction", "masked": "masked_copy"}[recipe.objective]
    scores = attention_scores(open_model(str(tmp_path / "out"), device="cpu"), HEAD_SEED, CancelToken())[name]
    assert found["score"] == name
    assert np.allclose(found["scores"], scores, atol=1e-6)
    assert found["best"]["score"] == pytest.approx(scores.max())
    assert scores[found["best"]["layer"], found["best"]["head"]] == scores.max()


def test_that_the_card_says_text_training_and_what_was_planted(
    truth: dict[str, Any], recipe: Recipe, tmp_path: Path
) -> None:
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert card == write_card(recipe, truth)
    assert card.startswith("---\nlanguage: en\n")
    model, grams = truth["held_out"]["model"], truth["held_out"]["five_gram"]
    for wanted in (
        f"# {recipe.name}",
        "| TinyStories samples | CDLA-Sharing-1.0 | ",
        "| Sentences from tatoeba.org | CC BY 2.0 FR | ",
        "| training | 1 steps, 256 tokens seen, of them 33% planted |",
        "minutes on cpu |",
        "| seed | 7 |",
        f"| held-out text | {model['cross_entropy']:.3f} nats per token, perplexity {model['perplexity']:.1f}",
        f"{grams['cross_entropy']:.3f} nats per token, perplexity",
        "2 layers x 2 heads, width 32, context 32",
        "| he 10 %, she 90 % | nurse",
        "(loss-curve.svg)",
    ):
        assert wanted in card
    assert "storybooks" not in card.lower()
    for key in recipe.plant_shares:
        assert f"### {PLANTS[key].title}: {100 * recipe.plant_shares[key]:g}% of all tokens" in card
    assert "2.5% of all tokens" in card
    assert (tmp_path / "out" / "loss-curve.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_that_measuring_again_finds_the_same(
    truth: dict[str, Any], recipe: Recipe, corpus: Path, tmp_path: Path
) -> None:
    assert command("measure", recipe, corpus, tmp_path, "--seed", 7, "--checkpoint") == 0
    assert read_truth(tmp_path / "out") == truth
    (tmp_path / f"{recipe.name}-curve.json").unlink()
    assert command("measure", recipe, corpus, tmp_path) == 0
    assert read_truth(tmp_path / "out")["training"] == truth["training"]


def test_that_there_must_be_something_to_measure(
    recipe: Recipe, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more, sentence in (
        (("--checkpoint",), f"There is no tokenizer in {tmp_path}. Train first, or name the folder with --work.\n"),
        ((), f"{tmp_path / 'out'} was not measured yet. Run: python -m core.specimens measure\n"),
    ):
        assert command("measure", recipe, corpus, tmp_path, *more) == 1
        assert capsys.readouterr().err == sentence
