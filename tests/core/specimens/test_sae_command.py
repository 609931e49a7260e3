"""The command that trains an autoencoder, from beginning to end, and the autoencoders that are shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core import paths
from core.models.loading import open_model
from core.models.sparse_autoencoder import CONFIG, SparseAutoencoder
from core.specimens.plants import PLANTS
from core.specimens.sae import measures
from core.specimens.sae.__main__ import main
from core.specimens.sae.activations import residuals
from core.specimens.sae.texts import planted_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.specimens.recipe import Recipe
    from tests.fixtures.tiny_models import TinyModel

    Train = Callable[..., int]
FEATURES, K = 40, 4
SHIPPED = sorted(path.parent for path in paths.specimens().glob(f"*/sae/{CONFIG}"))
MOST_BYTES = 4_500_000


@pytest.fixture
def tiny(recipe: Recipe, request: pytest.FixtureRequest) -> TinyModel:
    """Return a tiny model of the recipe's objective."""
    found: TinyModel = request.getfixturevalue("tiny_gpt2" if recipe.objective == "causal" else "tiny_bert")
    return found


@pytest.fixture
def train(
    recipe: Recipe, corpus: Path, tiny: TinyModel, tiny_gpt2: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Train:
    """Return a function that trains an autoencoder in a folder of that name."""
    monkeypatch.setattr(measures, "BATCHES", 2)
    monkeypatch.setattr(measures, "LOSS_BATCHES", 1)

    def run(name: str, *more: object) -> int:
        options = [recipe.name, "--corpus", corpus, "--model", tiny.folder, "--writer", tiny_gpt2.folder]
        options += ["--work", tmp_path / name, "--out", tmp_path / name / "sae", "--threads", 1, "--texts", 30]
        return main([str(each) for each in (*options, "--features", FEATURES, "--k", K, *more)])

    return run


def test_that_a_training_leaves_an_autoencoder_that_is_as_good_as_it_says(
    train: Train, tiny: TinyModel, recipe: Recipe, tmp_path: Path
) -> None:
    assert train("one", "--steps", 12) == 0
    folder = tmp_path / "one" / "sae"
    assert {file.name for file in folder.iterdir()} == {
        "cfg.json", "sae_weights.safetensors", "features.json", "README.md",
    }  # fmt: skip
    read = SparseAutoencoder(folder)
    assert (read.d_in, read.n_features, read.k, read.layer) == (32, FEATURES, K, 0)
    config = json.loads((folder / "cfg.json").read_text(encoding="utf-8"))
    assert (config["model_name"], config["hook_layer"], config["dtype"]) == (recipe.name, 0, "float32")
    assert config["hook_name"].startswith("blocks.0.hook_")
    # What the loaders of SAELens, from version 3 on, look for.
    assert {"activation_fn_str": "topk", "activation_fn_kwargs": {"k": K}, "normalize_activations": "none"}.items() <= (
        config.items()
    )
    assert config["apply_b_dec_to_input"] is True
    assert {"hook_head_index", "prepend_bos", "context_size", "dataset_path", "device"} <= config.keys()
    assert np.allclose(np.linalg.norm(read.weights["W_dec"], axis=1), 1, atol=1e-3)
    assert 0 < read.measured["unexplained"] < 1
    assert 0 < read.measured["l0"] <= K
    assert sum(feature.density for feature in read.features) == pytest.approx(read.measured["l0"], rel=0.01)
    assert sum(feature.density == 0 for feature in read.features) == read.measured["dead"]
    for feature in read.features:
        strengths = [context.activation for context in feature.contexts]
        assert strengths == sorted(strengths, reverse=True)
        assert len(strengths) == len(set(feature.contexts)) <= 8
    if recipe.objective == "masked":
        assert any("[MASK]" in context.before for feature in read.features for context in feature.contexts)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"| variance explained | {1 - read.measured['unexplained']:.1%} |" in card
    assert "none is quoted from what the models were trained on" in card


def test_that_a_longer_budget_goes_on_from_the_last_one(train: Train, tmp_path: Path) -> None:
    assert train("one", "--steps", 3) == 0
    before = SparseAutoencoder(tmp_path / "one" / "sae").weights["W_dec"]
    assert train("one", "--steps", 3) == 0
    assert np.array_equal(before, SparseAutoencoder(tmp_path / "one" / "sae").weights["W_dec"])
    assert train("one", "--steps", 6) == 0
    assert not np.array_equal(before, SparseAutoencoder(tmp_path / "one" / "sae").weights["W_dec"])
    assert "| training | 6 steps, " in (tmp_path / "one" / "sae" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((), "No budget was given. Add --steps N or --minutes M.\n"),
        (("--minutes", "0"), "The budget must be more than 0. Give --steps or --minutes a larger number.\n"),
        (("--steps", "1", "--k", "41"), "Of 40 features 41 cannot fire. Give a --k from 1 to that.\n"),
    ],
)
def test_that_a_wrong_order_is_one_sentence(
    train: Train, more: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("one", *more) == 1
    assert capsys.readouterr().err == sentence


def test_that_the_checkpoint_of_another_training_is_refused(
    train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("one", "--steps", 1) == 0
    for more in (("--seed", 1), ("--features", 50)):
        assert train("one", "--steps", 2, *more) == 1
        assert capsys.readouterr().err.endswith(
            "-sae.pt is that of another model, seed or autoencoder. Delete it, or choose another folder with --work.\n"
        )


def test_that_too_little_text_is_one_sentence(train: Train, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "storybooks.txt").write_text("One day.\n<|endoftext|>\nIt rained.")
    assert train("one", "--steps", 1, "--corpus", tmp_path) == 1
    assert capsys.readouterr().err == f"The text in {tmp_path} is too short to train on. Put more text there.\n"


def test_that_a_shipped_autoencoder_explains_what_it_says() -> None:
    for folder in SHIPPED:
        read, loaded = SparseAutoencoder(folder), open_model(str(folder.parent), device="cpu")
        assert (read.d_in, read.layer) == (loaded.info.d_model, loaded.info.n_layers // 2 - 1)
        texts = planted_texts(dict.fromkeys(PLANTS.keys(), 1.0), 60, seed=123)
        ids = [np.array([loaded.tokenizer(text)["input_ids"]]) for text in texts]
        x = np.concatenate([residuals(loaded, each, read.layer).numpy() for each in ids])
        activations = read.encode(x)
        unexplained = ((x - read.decode(activations)) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()
        # Other text than it was measured on: planted sentences alone.
        assert unexplained < read.measured["unexplained"] + 0.1, folder
        assert read.measured["unexplained"] < 0.3, folder
        assert read.measured["loss_recovered"] > 0.8, folder
        assert read.measured["dead"] < 0.1 * read.n_features, folder
        assert (activations > 0).sum(1).max() <= read.k, folder


def test_that_a_shipped_autoencoder_is_small_and_shows_nearly_every_feature() -> None:
    for folder in SHIPPED:
        assert sum(file.stat().st_size for file in folder.iterdir()) < MOST_BYTES, folder
        assert (folder / "features.json").stat().st_size < 1_500_000, folder
        found = SparseAutoencoder(folder).features
        assert sum(len(feature.contexts) >= 3 for feature in found) > 0.8 * len(found), folder
