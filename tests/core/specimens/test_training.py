"""A very small training, for real: it learns, it goes on where it stopped, and its model opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from core.cancel import CancelToken
from core.models.loading import open_model
from core.runs.self_check import self_check
from core.specimens import training
from core.specimens.__main__ import main
from core.specimens.batches import BatchSource
from core.specimens.optimization import attend_quickly, learning_rate, optimizers
from core.specimens.recipe import RECIPES, Recipe
from core.specimens.training import Budget, Progress, new_model
from tests.core.specimens.conftest import SMALL
from tests.fixtures.tiny_models import byte_pair_tokenizer, word_piece_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

    Train = Callable[..., int]
STEPS = 24
TOKENIZERS = {"causal": byte_pair_tokenizer(), "masked": word_piece_tokenizer()}


@pytest.fixture
def train(recipe: Recipe, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Return a function that trains in a folder of that name."""
    monkeypatch.setattr(training, "LOG_EVERY", 4)
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 6)

    def run(name: str, *more: object) -> int:
        options = ["--corpus", corpus, "--work", tmp_path / name, "--out", tmp_path / name / "out", "--threads", 1]
        budget = () if "--steps" in more or "--minutes" in more else ("--steps", STEPS)
        return main(["train", recipe.name, "--no-measure", *map(str, (*options, *budget, *more))])

    return run


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "out" / "model.safetensors")


def curve(folder: Path) -> dict[str, Any]:
    (file,) = folder.glob("*-curve.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_that_a_training_learns_and_its_model_opens_and_passes_the_check(
    train: Train, recipe: Recipe, tmp_path: Path
) -> None:
    assert train("one") == 0
    losses = [loss for _, loss in curve(tmp_path / "one")["step_loss"]]
    assert [step for step, _ in curve(tmp_path / "one")["step_loss"]] == list(range(4, STEPS + 1, 4))
    assert losses[-1] < losses[0] - 0.3
    assert {tensor.dtype for tensor in weights(tmp_path / "one").values()} == {torch.float16}
    loaded = open_model(str(tmp_path / "one" / "out"), device="cpu")
    facts = loaded.info
    assert (facts.objective, facts.n_layers, facts.n_heads, facts.context) == (recipe.objective, 2, 2, 32)
    assert facts.has_head
    assert self_check(loaded, CancelToken()).passed


def test_that_a_training_that_was_stopped_goes_on_at_the_right_step_to_the_same_weights(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train("straight") == 0
    steps: list[int] = []
    batch = BatchSource.batch

    def stopping(source: BatchSource, step: int) -> Any:
        steps.append(step)
        if len(steps) == 11:
            raise KeyboardInterrupt
        return batch(source, step)

    monkeypatch.setattr(BatchSource, "batch", stopping)
    with pytest.raises(KeyboardInterrupt):
        train("stopped")
    assert train("stopped") == 0
    assert steps == [*range(11), *range(6, STEPS)]
    straight, stopped = curve(tmp_path / "straight"), curve(tmp_path / "stopped")
    assert (stopped["step"], stopped["tokens"]) == (straight["step"], straight["tokens"]) == (STEPS, STEPS * 8 * 32)
    assert equal(weights(tmp_path / "straight"), weights(tmp_path / "stopped"))
    # Of the point at step 8 only the steps since the checkpoint are known again.
    assert stopped["step_loss"][:1] + stopped["step_loss"][2:] == straight["step_loss"][:1] + straight["step_loss"][2:]
    assert stopped["step_loss"][1][1] == pytest.approx(straight["step_loss"][1][1], abs=0.5)


def test_that_a_longer_sitting_goes_on_where_the_rate_began_to_fall(train: Train, tmp_path: Path) -> None:
    """A training in two sittings is the longer training, but for the shorter one's fall."""
    assert train("straight", "--steps", 2 * STEPS) == 0
    assert train("sittings", "--steps", STEPS) == 0
    after_one = weights(tmp_path / "sittings")
    assert train("sittings", "--steps", 2 * STEPS) == 0
    straight, sittings = curve(tmp_path / "straight"), curve(tmp_path / "sittings")
    assert sittings["step"] == straight["step"] == 2 * STEPS
    assert equal(weights(tmp_path / "straight"), weights(tmp_path / "sittings"))
    assert not equal(after_one, weights(tmp_path / "sittings"))


def test_that_only_a_training_that_asks_for_it_is_compiled(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[object] = []

    def remember(loss: object) -> object:
        compiled.append(loss)
        return loss

    monkeypatch.setattr(torch, "compile", remember)
    assert train("plain") == 0
    assert not compiled
    assert train("compiled", "--compile") == 0
    assert len(compiled) == 1
    assert equal(weights(tmp_path / "plain"), weights(tmp_path / "compiled"))


def test_that_neighbouring_positions_start_alike(recipe: Recipe) -> None:
    state = new_model(recipe, TOKENIZERS[recipe.objective]).state_dict()
    [places] = [weight for name, weight in state.items() if name.endswith(("wpe.weight", "position_embeddings.weight"))]
    alike = torch.nn.functional.normalize(places, dim=-1) @ torch.nn.functional.normalize(places, dim=-1).T
    for apart in (1, 2):
        assert alike.diagonal(apart).mean() > alike.diagonal(apart + 1).mean() > 0.5
    assert places.square().mean().sqrt().item() == pytest.approx(recipe.initial_std, rel=0.05)


def test_that_attending_quickly_gives_the_librarys_numbers(recipe: Recipe) -> None:
    tokenizer = TOKENIZERS[recipe.objective]
    torch.manual_seed(0)
    model = new_model(recipe, tokenizer).eval()
    ids = torch.randint(5, 200, (3, recipe.context))
    with torch.inference_mode():
        wanted = model(ids).logits
        attend_quickly(model)
        assert (model(ids).logits - wanted).abs().max() < 1e-5


def test_that_matrices_of_the_blocks_go_to_muon_and_all_else_to_adamw(recipe: Recipe) -> None:
    model = new_model(recipe, TOKENIZERS[recipe.objective])
    muon, adamw = optimizers(model, recipe)
    names = {id(weight): name for name, weight in model.named_parameters()}
    by_muon = {names[id(weight)] for group in muon.param_groups for weight in group["params"]}
    by_adamw = {names[id(weight)] for group in adamw.param_groups for weight in group["params"]}
    assert by_muon | by_adamw == set(names.values())
    assert not by_muon & by_adamw
    assert sum("c_fc.weight" in name or "intermediate.dense.weight" in name for name in by_muon) == recipe.n_layers
    assert not any("embed" in name or "wte" in name or "wpe" in name or "norm" in name for name in by_muon)


def test_that_a_seed_decides_the_weights(train: Train, tmp_path: Path) -> None:
    for name, seed in (("first", 3), ("again", 3), ("other", 4)):
        assert train(name, "--steps", 4, "--seed", seed) == 0
    assert equal(weights(tmp_path / "first"), weights(tmp_path / "again"))
    assert not equal(weights(tmp_path / "first"), weights(tmp_path / "other"))


def test_that_a_finished_training_is_not_trained_further(train: Train, tmp_path: Path) -> None:
    assert train("one", "--steps", 4) == 0
    before = weights(tmp_path / "one")
    assert train("one", "--steps", 4) == 0
    assert curve(tmp_path / "one")["step"] == 4
    assert equal(before, weights(tmp_path / "one"))


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (("--steps", "0"), "The budget must be more than 0. Give --steps or --minutes a larger number.\n"),
        (("--steps", "-3"), "The budget must be more than 0. Give --steps or --minutes a larger number.\n"),
        (("--minutes", "0"), "The budget must be more than 0. Give --steps or --minutes a larger number.\n"),
        (("--minutes", "nan"), "The budget must be more than 0. Give --steps or --minutes a larger number.\n"),
        ((), "No budget was given. Add --steps N or --minutes M.\n"),
    ],
)
def test_that_a_training_without_a_budget_does_not_start(
    budget: tuple[str, ...], sentence: str, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    assert main(["train", "specimen-gpt2", "--corpus", str(corpus), "--work", str(work), *budget]) == 1
    assert capsys.readouterr().err == sentence
    assert not work.exists()


def test_that_a_missing_corpus_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "train",
        "specimen-gpt2",
        "--corpus",
        str(tmp_path / "missing"),
        "--work",
        str(tmp_path),
        "--steps",
        "1",
    ]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"There is no training text in {tmp_path / 'missing'}. Put at least one of these files")
    assert said.count("\n") == 1


def test_that_too_little_text_is_one_sentence(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipes.txt").write_text("One day.\n<|endoftext|>\nIt rained.")
    out, words = tmp_path / "out", ["--corpus", str(tmp_path), "--work", str(tmp_path), "--steps", "1"]
    assert main(["train", recipe.name, *words, "--out", str(out)]) == 1
    assert not out.exists()
    assert capsys.readouterr().err == f"The text in {tmp_path} is too short to train on. Put more text there.\n"


@pytest.mark.parametrize(
    ("budget", "progress", "share"),
    [
        (Budget(10, None), Progress(5, 1e6, 0), 0.5),
        (Budget(None, 2.0), Progress(10**6, 30.0, 0), 0.25),
        (Budget(10, 2.0), Progress(1, 60.0, 0), 0.5),
        (Budget(10, None), Progress(20, 0.0, 0), 1.0),
    ],
)
def test_that_a_budget_is_used_up_by_steps_or_minutes(budget: Budget, progress: Progress, share: float) -> None:
    assert budget.share(progress) == pytest.approx(share)


@pytest.mark.parametrize("recipe", [*RECIPES.values(), *SMALL.values()], ids=lambda recipe: recipe.name)
def test_that_the_learning_rate_rises_to_its_top_and_falls_to_its_end(recipe: Recipe) -> None:
    steps = 4 * recipe.warmup
    rates = [learning_rate(recipe, step, step / steps) for step in range(steps + 1)]
    top, fall = recipe.learning_rate, round((1 - recipe.decay) * steps)
    assert 0 < rates[0] <= 0.1 * top
    assert rates[: recipe.warmup] == sorted(rates[: recipe.warmup])
    assert rates[recipe.warmup : fall] == [top] * (fall - recipe.warmup)
    assert rates[fall:] == sorted(rates[fall:], reverse=True)
    assert rates[-1] == pytest.approx(0.02 * top)


def test_that_the_rate_holds_whenever_the_training_will_end() -> None:
    recipe = SMALL["causal"]
    assert {learning_rate(recipe, 1000, share) for share in (0.1, 0.4, 0.75)} == {recipe.learning_rate}
