"""Every embedded model is an ordinary checkpoint that opens, holds and says where it comes from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from core import paths
from core.cancel import CancelToken
from core.models.loading import open_model
from core.runs.self_check import self_check
from core.sessions.session import Session
from core.specimens.card import CREDITS
from core.specimens.recipe import RECIPES
from tests.fixtures.opened_models import operated

ROOM = 25_000_000
FOLDERS = sorted(path for path in paths.specimens().glob("*") if path.is_dir())
PROMPTS = {"causal": "Once upon a time there was a little", "masked": "Once upon a [MASK] there was a little girl."}
each = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def test_that_every_recipe_was_trained_and_nothing_else_is_there() -> None:
    assert [folder.name for folder in FOLDERS] == sorted(RECIPES)


def test_that_all_specimens_together_are_small() -> None:
    assert sum(file.stat().st_size for folder in FOLDERS for file in folder.rglob("*")) < ROOM


@each
def test_that_a_specimen_is_a_checkpoint_of_half_precision_safetensors(folder: Path) -> None:
    from safetensors import safe_open

    names = {file.name for file in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl", ".py"))]
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["dtype"] == "float16"
    assert "auto_map" not in config
    with safe_open(folder / "model.safetensors", framework="pt") as weights:
        assert {weights.get_slice(name).get_dtype() for name in weights.keys()} == {"F16"}  # noqa: SIM118


@each
def test_that_a_specimen_has_the_shape_of_its_recipe(folder: Path) -> None:
    recipe = RECIPES[folder.name]
    facts = open_model(folder.name, device="cpu").info
    assert (facts.n_layers, facts.n_heads, facts.d_model) == (recipe.n_layers, recipe.n_heads, recipe.d_model)
    assert (facts.objective, facts.context, facts.has_head) == (recipe.objective, recipe.context, True)


@each
def test_that_a_specimen_passes_every_check(folder: Path) -> None:
    report = self_check(open_model(folder.name, device="cpu"), CancelToken())
    assert {line.name: line.text for line in report.lines if line.passed is not True} == {}


@each
def test_that_a_specimen_has_learned_something(folder: Path) -> None:
    loaded = open_model(folder.name, device="cpu")
    result, notes = operated(loaded, Session(model="", prompt=PROMPTS[loaded.info.objective]))
    assert notes == ()
    likeliest = result.clean.top[0]
    assert likeliest.text.strip().isalpha()
    assert likeliest.prob > 0.1


@each
def test_that_a_card_says_text_time_and_validation_loss(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    recipe = RECIPES[folder.name]
    assert card.startswith("---\nlanguage: en\n")
    assert f"# {recipe.name}" in card
    assert re.search(r"\| training \| [\d,]+ steps, [\d,]+ tokens seen", card)
    (minutes,) = re.findall(r"\| time \| (\d+) minutes on \w+ \|", card)
    assert int(minutes) >= 10
    (loss,) = re.findall(r"\| validation loss \| ([\d.]+) nats per predicted token", card)
    assert 1.0 < float(loss) < 5.0
    sources = card.split("## Text")[1]
    assert [title for title, _ in CREDITS.values() if f"| {title} |" in sources]
