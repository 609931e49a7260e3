"""Directions in numbers, against numpy and the weights of tiny models."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from core.errors import SurgeryError
from core.interventions.direction_form import DirectionForm, parse_direction
from core.models.checkpoint import inspect_checkpoint
from core.models.fingerprint import fingerprint
from core.models.sparse_autoencoder import find_autoencoder
from core.models.tokenizing import token_text
from core.runs.directions import resolve_direction
from core.specimens.sae.autoencoder import Autoencoder
from core.specimens.sae.layout import write
from tests.fixtures.opened_models import opened

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel
    from tests.fixtures.tiny_models import TinyModel

TOKENS = 7


def rows(width: int, n: int = TOKENS, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed)) + 1.0


def found(loaded: LoadedModel, text: str, **given: torch.Tensor) -> np.ndarray:
    vector = resolve_direction(loaded, parse_direction(text), rows(loaded.info.d_model), **given)
    assert vector.dtype == torch.float32
    assert vector.norm() == pytest.approx(1.0, abs=1e-6)
    return vector.numpy()


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


@pytest.fixture
def loaded(tiny_gpt2: TinyModel) -> LoadedModel:
    return opened(tiny_gpt2)


@pytest.fixture
def autoencoder(tiny_gpt2: TinyModel) -> Iterator[np.ndarray]:
    """Put an autoencoder of three features beside the model, and return its decoder."""
    folder = tiny_gpt2.folder / "sae"
    decoder = rows(opened(tiny_gpt2).info.d_model, 3, 6)
    made = Autoencoder(decoder.T.clone(), torch.zeros(3), decoder, torch.zeros(decoder.shape[1]), 1)
    config = {"architecture": "topk", "d_in": decoder.shape[1], "d_sae": 3, "k": 1}
    config |= {"model_fingerprint": fingerprint(inspect_checkpoint(tiny_gpt2.folder))}
    write(folder, made, {**config, "hook_name": "blocks.0.hook_resid_post"}, {"features": []})
    yield decoder.numpy()
    shutil.rmtree(folder)


def test_that_a_token_means_its_row_of_the_unembedding(loaded: LoadedModel) -> None:
    weight = loaded.network.lm_head.weight.detach().double().numpy()
    form = DirectionForm("token", (token_text(loaded, 70),))
    assert np.allclose(found(loaded, str(form)), unit(weight[70]), atol=1e-6)
    both = DirectionForm("difference", (token_text(loaded, 70), token_text(loaded, 75)))
    assert np.allclose(found(loaded, str(both)), unit(weight[70] - weight[75]), atol=1e-6)


@pytest.mark.parametrize("n", [TOKENS, 200])
def test_that_a_component_is_that_of_the_centred_tokens(loaded: LoadedModel, n: int) -> None:
    width = loaded.info.d_model
    references = rows(width, n, 3) * torch.linspace(1, 4, width)
    centred = (references - references.mean(0)).double().numpy()
    wanted = np.linalg.svd(centred, full_matrices=False)[2]
    for number in (1, 2, 5):
        component = found(loaded, f"pca{number}", references=references)
        assert abs(component @ wanted[number - 1]) == pytest.approx(1.0, abs=1e-5)
        assert component[np.abs(component).argmax()] > 0


def test_that_without_references_the_components_are_those_of_the_prompt(loaded: LoadedModel) -> None:
    own = rows(loaded.info.d_model)
    assert np.array_equal(found(loaded, "pca1"), found(loaded, "pca1", references=own))
    assert not np.allclose(found(loaded, "pca1"), found(loaded, "pca1", references=rows(len(own[0]), 9, 5)))


def test_that_there_are_only_so_many_components(loaded: LoadedModel) -> None:
    found(loaded, f"pca{TOKENS - 1}")
    with pytest.raises(SurgeryError, match=f"There is no principal component {TOKENS}: the {TOKENS} tokens have 6"):
        found(loaded, f"pca{TOKENS}")
    with pytest.raises(SurgeryError, match="There is no principal component 1: the 1 tokens have 0"):
        found(loaded, "pca1", references=rows(loaded.info.d_model, 1))


def test_that_the_mean_difference_is_the_prompt_less_the_counterfactual_one(loaded: LoadedModel) -> None:
    width = loaded.info.d_model
    donor = rows(width, 4, 2)
    wanted = rows(width).numpy().mean(0) - donor.numpy().mean(0)
    assert np.allclose(found(loaded, "donor", donor=donor), unit(wanted), atol=1e-5)
    with pytest.raises(SurgeryError, match="a difference from the counterfactual prompt"):
        found(loaded, "donor")
    with pytest.raises(SurgeryError, match="The direction donor has no length"):
        found(loaded, "donor", donor=rows(width))


def test_that_a_seed_decides_a_random_direction(loaded: LoadedModel) -> None:
    state = torch.get_rng_state()
    assert np.array_equal(found(loaded, "random7"), found(loaded, "random7"))
    assert abs(found(loaded, "random7") @ found(loaded, "random8")) < 0.9
    assert torch.equal(torch.get_rng_state(), state)


def test_that_a_direction_is_read_from_a_file(loaded: LoadedModel, tmp_path: Path) -> None:
    vector = rows(loaded.info.d_model).numpy()[:1]
    np.save(tmp_path / "v.npy", vector)
    assert np.allclose(found(loaded, f"file:{tmp_path / 'v.npy'}"), unit(vector[0]), atol=1e-6)


def test_that_a_feature_means_its_row_of_the_decoder(loaded: LoadedModel, autoencoder: np.ndarray) -> None:
    assert np.allclose(found(loaded, "feature2"), unit(autoencoder[2]), atol=1e-3)
    with pytest.raises(SurgeryError, match="There is no feature 3: there are 3"):
        found(loaded, "feature3")


def test_that_the_autoencoder_of_other_weights_is_refused(tiny_gpt2: TinyModel, autoencoder: np.ndarray) -> None:
    file = tiny_gpt2.folder / "sae" / "cfg.json"
    file.write_text(file.read_text().replace('"model_fingerprint": "', '"model_fingerprint": "0'))
    with pytest.raises(SurgeryError, match=r"The autoencoder of .* is of other weights\."):
        find_autoencoder(str(tiny_gpt2.folder))


def test_that_a_model_without_an_autoencoder_has_no_features(tiny_llama: TinyModel) -> None:
    with pytest.raises(SurgeryError, match="comes with no sparse autoencoder"):
        found(opened(tiny_llama), "feature0")


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (np.ones(5), "has 5 dimensions, the activation"),
        (np.ones((2, 4)), "holds no single vector of numbers"),
        (np.array(["a", "b"]), "holds no single vector of numbers"),
        (np.array([1.0, np.nan]), "are no finite numbers"),
        (np.array([None, 1]), "cannot be read as a numpy array"),
        (b"no array", "cannot be read as a numpy array"),
        (b"", "cannot be read as a numpy array"),
        (None, "is not there"),
    ],
)
def test_that_a_file_that_holds_no_direction_is_named(
    loaded: LoadedModel, tmp_path: Path, stored: object, message: str
) -> None:
    path = tmp_path / "v.npy"
    if isinstance(stored, bytes):
        path.write_bytes(stored)
    elif stored is not None:
        np.save(path, stored)  # type: ignore[arg-type]
    with pytest.raises(SurgeryError, match=message):
        found(loaded, f"file:{path}")


def test_that_zeros_are_no_direction(loaded: LoadedModel, tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.zeros(loaded.info.d_model))
    with pytest.raises(SurgeryError, match="has no length"):
        found(loaded, f"file:{tmp_path / 'v.npy'}")


def test_that_a_transform_before_the_unembedding_is_said(tiny_bert: TinyModel) -> None:
    bert = opened(tiny_bert)
    with pytest.raises(SurgeryError, match="In BERT a transform stands between"):
        found(bert, str(DirectionForm("token", (token_text(bert, 20),))))
    found(bert, "pca1")


def test_that_a_word_of_several_tokens_is_no_direction(loaded: LoadedModel) -> None:
    with pytest.raises(SurgeryError, match="tokens in this model"):
        found(loaded, '" butterscotch-pineapple"')
