"""Every embedded model is an ordinary checkpoint that opens, holds and says where it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core import paths
from core.cancel import CancelToken
from core.models.loading import open_model
from core.runs.self_check import self_check
from core.sessions.session import Session
from core.specimens.card import CREDITS, LOSS_CURVE, write_card
from core.specimens.recipe import RECIPES
from core.specimens.truth import TRUTH, read_truth, recovered
from tests.fixtures.opened_models import operated

ROOM = 40_000_000
FOLDERS = sorted(path for path in paths.specimens().glob("*") if path.is_dir())
PROMPTS = {"causal": "Once upon a time there was a little", "masked": "Once upon a [MASK] there was a little girl."}
# Those that were trained on planted text and measured against it.
MEASURED = [folder for folder in FOLDERS if (folder / TRUTH).is_file()]
each = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
each_measured = pytest.mark.parametrize("folder", MEASURED, ids=lambda folder: folder.name)


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


@each_measured
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


@each_measured
def test_that_a_card_says_what_was_measured(folder: Path) -> None:
    truth = read_truth(folder)
    assert (folder / "README.md").read_text(encoding="utf-8") == write_card(RECIPES[folder.name], truth)
    assert (folder / LOSS_CURVE).is_file()
    assert truth["training"]["seconds"] > 600
    assert truth["text"].keys() <= CREDITS.keys()


@each_measured
def test_that_a_specimen_answers_as_its_truth_says(folder: Path) -> None:
    truth, loaded = read_truth(folder), open_model(folder.name, device="cpu")
    recipe = RECIPES[folder.name]
    for key, found in truth["plants"].items():
        again = recovered(loaded, key, recipe)
        for group, row in found["groups"].items():
            assert again["groups"][group]["asked"] == row["asked"]
            assert again["groups"][group]["deviation"] == pytest.approx(row["deviation"], abs=1e-3)
            if row["accuracy"] is not None:
                assert again["groups"][group]["accuracy"] == pytest.approx(row["accuracy"], abs=0.01)


@each_measured
def test_that_what_was_planted_is_found_on_what_was_held_out(folder: Path) -> None:
    plants, objective = read_truth(folder)["plants"], RECIPES[folder.name].objective
    groups = {key: row for found in plants.values() for key, row in found["groups"].items()}
    assert groups["held-out pairs"]["accuracy"] > 0.95
    assert groups["trained countries"]["accuracy"] > 0.95
    # What was never told is not known: ten candidates.
    assert groups["held-out countries"]["accuracy"] < 0.3
    over = plants["occupations"]["over_subjects"]
    assert over["deviation"] < 0.1
    assert over["correlation"] > 0.9
    if objective == "causal":
        assert groups["new sequences, second time"]["accuracy"] > 0.95


@each_measured
def test_that_a_specimen_foresees_held_out_text_better_than_counted_5_grams(folder: Path) -> None:
    held_out = read_truth(folder)["held_out"]
    assert held_out["tokens"] > 10_000
    assert held_out["model"]["cross_entropy"] < held_out["five_gram"]["cross_entropy"] - 0.1
