"""Sparse autoencoders: they find what the data are made of, go on where they stopped, and say how good they are."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from core.models.sparse_autoencoder import SparseAutoencoder
from core.specimens.batches import BatchSource, pack
from core.specimens.sae import measures, training
from core.specimens.sae.activations import ActivationSource, loss_with, middle_layer, residuals
from core.specimens.sae.autoencoder import Autoencoder, SaeRecipe, top_k
from core.specimens.sae.layout import hook_name, write
from core.specimens.sae.measures import measure
from core.specimens.sae.training import SaeTrainer, rate
from core.specimens.training import Budget
from tests.core.specimens.conftest import SMALL, documents
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from pathlib import Path

    from core.models.loaded_model import LoadedModel
    from tests.fixtures.tiny_models import TinyModel

WIDTH, TRUE, ACTIVE = 24, 32, 3
RECIPE = SaeRecipe(features=48, k=ACTIVE, batch=256, learning_rate=1e-2, dead_after=20_000)


class Sparse:
    """Rows that are sums of a few of the directions of a known dictionary."""

    def __init__(self, offset: float = 0.0) -> None:
        random = torch.Generator().manual_seed(0)
        self.dictionary = torch.nn.functional.normalize(torch.randn(TRUE, WIDTH, generator=random), dim=1)
        self.offset = offset
        self.asked: list[int] = []

    def rows(self, chunk: int) -> torch.Tensor:
        """Return 4096 rows of three directions each."""
        self.asked.append(chunk)
        random = torch.Generator().manual_seed(100 + chunk)
        places = torch.rand(4096, TRUE, generator=random).topk(ACTIVE).indices
        strengths = 5 + 5 * torch.rand(4096, ACTIVE, generator=random)
        return torch.zeros(4096, TRUE).scatter(1, places, strengths) @ self.dictionary + self.offset


def trained(steps: int, source: Sparse, checkpoint: Path | None = None, seed: int = 0) -> SaeTrainer:
    """Return a trainer after as many steps in all."""
    trainer = SaeTrainer(RECIPE, source, seed, checkpoint)
    trainer.train(Budget(steps, None))
    return trainer


def test_that_the_directions_that_data_are_made_of_are_found() -> None:
    source = Sparse(offset=2.0)
    found = trained(1500, source).autoencoder
    likeness = (source.dictionary @ found.decoder.T).max(1).values
    assert (likeness > 0.9).float().mean() > 0.9
    x = source.rows(999)
    unexplained = (x - found.decode(found.encode(x))).pow(2).sum() / (x - x.mean(0)).pow(2).sum()
    assert unexplained < 0.1
    assert torch.allclose(found.decoder.norm(dim=1), torch.ones(48), atol=1e-5)


def test_that_a_training_that_was_stopped_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 20)
    straight = trained(50, Sparse())
    source = Sparse()
    rows = source.rows

    def stopping(chunk: int) -> torch.Tensor:
        if chunk == 2:
            raise KeyboardInterrupt
        return rows(chunk)

    monkeypatch.setattr(source, "rows", stopping)
    with pytest.raises(KeyboardInterrupt):
        trained(50, source, tmp_path / "sae.pt")
    again = trained(50, Sparse(), tmp_path / "sae.pt")
    assert again.progress.step == straight.progress.step == 50
    for one, other in zip(again.autoencoder.tensors, straight.autoencoder.tensors, strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(trained(50, Sparse(), seed=1).autoencoder.decoder, straight.autoencoder.decoder)


def test_that_features_that_fell_silent_begin_anew_where_the_error_is_largest() -> None:
    source = Sparse()
    trainer = SaeTrainer(replace(RECIPE, warmup=1), source, 0)
    trainer.train(Budget(249, None))
    with torch.no_grad():
        trainer._autoencoder.encoder_bias[:10] = -10.0
    trainer._silence = torch.arange(48).lt(10) * 1e9
    before = trainer.autoencoder
    kept = [x.detach().clone() for x in before.tensors]
    error = (source.rows(15) - before.decode(before.encode(source.rows(15)))).detach()
    trainer._resample()
    after = trainer.autoencoder
    assert int((after.encode(source.rows(15))[:, :10] > 0).any(0).sum()) == 10
    assert torch.nn.functional.cosine_similarity(after.decoder[:10, None], error, dim=2).max(1).values.min() > 0.999
    assert torch.equal(after.decoder[10:], kept[2][10:])
    assert torch.equal(after.encoder[:, 10:], kept[0][:, 10:])
    assert float(trainer._silence.max()) == 0


def test_that_only_the_strongest_speak_and_none_below_zero() -> None:
    given = torch.tensor([[3.0, -1.0, 2.0, 5.0], [-1.0, -2.0, 0.5, -3.0]])
    assert top_k(given, 2).tolist() == [[3.0, 0.0, 0.0, 5.0], [0.0, 0.0, 0.5, 0.0]]


def test_that_a_reconstruction_is_what_numpy_makes_of_the_written_files(tmp_path: Path) -> None:
    random = torch.Generator().manual_seed(3)
    decoder = torch.nn.functional.normalize(torch.randn(40, WIDTH, generator=random), dim=1)
    made = Autoencoder(
        torch.randn(WIDTH, 40, generator=random), torch.randn(40, generator=random), decoder,
        torch.randn(WIDTH, generator=random), 5,
    ).rounded()  # fmt: skip
    config = {"architecture": "topk", "d_in": WIDTH, "d_sae": 40, "k": 5, "hook_name": "blocks.4.hook_resid_post"}
    write(tmp_path, made, config, {"features": [{"density": 0, "contexts": []}] * 40})
    read = SparseAutoencoder(tmp_path)
    assert (read.d_in, read.n_features, read.k, read.layer, len(read.features)) == (WIDTH, 40, 5, 4, 40)
    x = torch.randn(50, WIDTH, generator=random)
    activations = made.encode(x)
    assert int((activations > 0).sum(1).max()) == 5
    assert np.abs(read.encode(x.numpy()) - activations.numpy()).max() < 1e-5
    assert np.abs(read.decode(read.encode(x.numpy())) - made.decode(activations).numpy()).max() < 1e-5
    # By hand, for one row.
    w, centred, row = read.weights, x[0].numpy() - read.weights["b_dec"], np.zeros(WIDTH) + read.weights["b_dec"]
    before = centred @ w["W_enc"] + w["b_enc"]
    for feature in np.argsort(before)[-5:]:
        row += max(before[feature], 0) * w["W_dec"][feature]
    assert np.abs(row - made.decode(activations)[0].numpy()).max() < 1e-5


def test_that_the_layout_is_the_common_one(tmp_path: Path) -> None:
    from safetensors import safe_open

    write(tmp_path, trained(1, Sparse()).autoencoder, {}, {"features": []})
    with safe_open(tmp_path / "sae_weights.safetensors", framework="np") as file:
        found = {name: (file.get_slice(name).get_shape(), file.get_slice(name).get_dtype()) for name in file.keys()}  # noqa: SIM118
    assert found == {
        "W_enc": ([WIDTH, 48], "F16"),
        "b_enc": ([48], "F16"),
        "W_dec": ([48, WIDTH], "F16"),
        "b_dec": ([WIDTH], "F16"),
    }


def test_that_activations_that_are_larger_need_only_larger_biases() -> None:
    found = trained(20, Sparse(offset=1.0)).autoencoder
    x = Sparse(offset=1.0).rows(5)
    assert torch.allclose(found.scaled(7.0).encode(7 * x), 7 * found.encode(x), rtol=1e-4, atol=1e-3)
    assert torch.allclose(found.scaled(7.0).decode(7 * found.encode(x)), 7 * found.decode(found.encode(x)), atol=1e-3)


def test_that_the_rate_rises_holds_and_falls() -> None:
    rates = [rate(RECIPE, step, step / 1000) for step in range(1001)]
    assert rates[: RECIPE.warmup] == sorted(rates[: RECIPE.warmup])
    assert set(rates[RECIPE.warmup : 200]) == {RECIPE.learning_rate}
    assert rates[201:] == sorted(rates[201:], reverse=True)
    assert rates[-1] == 0


@pytest.mark.parametrize(("n_layers", "layer"), [(6, 2), (5, 1), (2, 0), (1, 0)])
def test_that_a_middle_layer_is_chosen(n_layers: int, layer: int) -> None:
    assert middle_layer(n_layers) == layer


@pytest.fixture(params=["tiny_gpt2", "tiny_bert"])
def tiny(request: pytest.FixtureRequest) -> TinyModel:
    found: TinyModel = request.getfixturevalue(request.param)
    return found


def source_of(loaded: LoadedModel) -> BatchSource:
    recipe = replace(SMALL[loaded.info.objective], plant_shares={"foods": 0.5})
    return BatchSource(pack(documents(60), loaded.tokenizer, recipe, recipe.context), loaded.tokenizer, recipe, 0)


def test_that_what_is_learned_from_is_the_residual_stream_after_the_layer(tiny: TinyModel) -> None:
    loaded = opened(tiny)
    ids = source_of(loaded).batch(0).ids
    with torch.inference_mode():
        wanted = tiny.model.base_model(torch.from_numpy(ids), output_hidden_states=True).hidden_states
    for layer in (0, 1):
        assert torch.allclose(residuals(loaded, ids, layer), wanted[layer + 1].flatten(0, 1), atol=1e-5)
    chunk = ActivationSource(loaded, 1, source_of(loaded)).rows(0)
    assert chunk.shape == (16 * ids.size, loaded.info.d_model)
    rounding = chunk[: ids.size] - wanted[2].flatten(0, 1)
    assert rounding.pow(2).mean() < 1e-3 * wanted[2].var()


def test_that_the_hook_is_named_as_in_transformer_lens(tiny: TinyModel) -> None:
    loaded = opened(tiny)
    post_norm = loaded.info.objective == "masked"
    assert hook_name(loaded, 2) == ("blocks.2.hook_normalized_resid_post" if post_norm else "blocks.2.hook_resid_post")


def test_that_measures_are_those_of_a_plain_computation(tiny: TinyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "BATCHES", 3)
    monkeypatch.setattr(measures, "LOSS_BATCHES", 1)
    loaded, width = opened(tiny), opened(tiny).info.d_model
    source = source_of(loaded)
    decoder = torch.nn.functional.normalize(torch.randn(20, width, generator=torch.Generator().manual_seed(1)), dim=1)
    made = Autoencoder(decoder.T.clone(), torch.zeros(20), decoder, torch.zeros(width), 4)
    found = measure(loaded, 1, made, source)
    x = torch.cat([residuals(loaded, source.batch(number).ids, 1) for number in range(3)]).double()
    activations = made.encode(x.float()).double()
    guess = activations @ decoder.double()
    assert found.tokens == len(x)
    assert found.unexplained == pytest.approx(float((x - guess).pow(2).sum() / (x - x.mean(0)).pow(2).sum()), rel=1e-4)
    assert found.l0 == pytest.approx(float((activations > 0).sum() / len(x)))
    assert found.dead == int(((activations > 0).sum(0) == 0).sum())
    assert np.allclose(found.density, (activations > 0).double().mean(0).numpy())
    batch = source.batch(0)
    with torch.inference_mode():
        logits, labels = tiny.model(torch.from_numpy(batch.ids)).logits, torch.from_numpy(batch.labels)
    if loaded.info.objective == "causal":
        logits, labels = logits[:, :-1], labels[:, 1:]
    wanted = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert found.loss_clean == pytest.approx(float(wanted), abs=1e-4)
    assert found.loss_zeroed == pytest.approx(loss_with(loaded, batch, 1, torch.zeros_like))
    assert loss_with(loaded, batch, 1, lambda each: each) == pytest.approx(found.loss_clean, abs=1e-5)
    assert found.loss_zeroed != pytest.approx(found.loss_clean, abs=1e-3)


def test_that_a_perfect_reconstruction_recovers_all_of_the_loss_and_zeros_none(tiny: TinyModel) -> None:
    loaded, width = opened(tiny), opened(tiny).info.d_model
    # Every direction and its opposite: of each pair one fires, and together they say it all.
    decoder = torch.cat([torch.eye(width), -torch.eye(width)])
    nothing = torch.zeros(2 * width)
    perfect = Autoencoder(decoder.T.clone(), nothing, decoder, torch.zeros(width), 2 * width)
    silent = Autoencoder(decoder.T * 0, nothing, decoder, torch.zeros(width), 1)
    found = measure(loaded, 1, perfect, source_of(loaded))
    assert found.unexplained == pytest.approx(0, abs=1e-6)
    assert found.loss_recovered == pytest.approx(1, abs=1e-3)
    assert measure(loaded, 1, silent, source_of(loaded)).loss_recovered == pytest.approx(0, abs=1e-6)


def test_that_progress_is_told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LOG_EVERY", 10)
    with caplog.at_level(logging.INFO):
        trained(10, Sparse())
    assert "step 10, 0." in caplog.text
