"""A corpus of a few sentences, and recipes small enough to train in a second."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from core.specimens.recipe import RECIPES, Recipe
from tests.fixtures.tiny_models import SENTENCES

SHAPE = {"n_layers": 2, "n_heads": 2, "d_model": 32, "context": 32, "vocab_size": 300, "batch_size": 8, "warmup": 10}
SMALL = {
    "causal": Recipe(name="small-causal", title="Tiny", objective="causal", learning_rate=1e-2, **SHAPE),  # type: ignore[arg-type]
    "masked": Recipe(
        name="small-masked", title="Tiny", objective="masked", learning_rate=1e-2, initial_std=0.05,
        short_context=16, **SHAPE,  # type: ignore[arg-type]
    ),
}  # fmt: skip


def documents(count: int, seed: int = 0) -> list[str]:
    """Return documents of four sentences each."""
    drawn = random.Random(seed)
    return [" ".join(drawn.choices(SENTENCES, k=4)) for _ in range(count)]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one file of documents and one of sentences."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "tinystories_samples.txt").write_text("\n<|endoftext|>\n".join(documents(150)), encoding="utf-8")
    (folder / "tatoeba_sentences.txt").write_text("\n".join(SENTENCES * 4), encoding="utf-8")
    return folder


@pytest.fixture(params=["causal", "masked"])
def recipe(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """Return each small recipe in turn, known to the training by its name."""
    found = SMALL[request.param]
    monkeypatch.setitem(RECIPES, found.name, found)
    return found
