"""The fingerprint tells contents apart, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from core.models.checkpoint import read_checkpoint
from core.models.fingerprint import fingerprint
from tests.fixtures.tiny_models import TinyModel


def of(folder: Path) -> str:
    return fingerprint(read_checkpoint(folder))


def test_that_the_fingerprint_is_of_the_content_and_not_of_the_place(
    gpt2_folder: Path, tiny_gpt2: TinyModel, reweigh: Callable[..., None]
) -> None:
    first = of(tiny_gpt2.folder)
    assert of(gpt2_folder) == first
    reweigh(gpt2_folder, lambda weights: {name: weight + 1e-3 for name, weight in weights.items()})
    assert of(gpt2_folder) != first


def test_that_every_tensor_counts(gpt2_folder: Path, reweigh: Callable[..., None]) -> None:
    from safetensors.torch import load_file

    found = {of(gpt2_folder)}
    names = list(load_file(gpt2_folder / "model.safetensors"))
    for name in names:
        reweigh(gpt2_folder, lambda weights, changed=name: weights | {changed: weights[changed] + 1e-3})
        found.add(of(gpt2_folder))
    assert len(found) == 1 + len(names)


def test_that_a_small_tensor_in_a_large_file_counts(gpt2_folder: Path, reweigh: Callable[..., None]) -> None:
    large = {f"large.{n}": torch.zeros(1000, 1000) for n in range(3)}
    reweigh(gpt2_folder, lambda weights: weights | large)
    first = of(gpt2_folder)
    reweigh(gpt2_folder, lambda weights: weights | {"transformer.h.1.ln_1.bias": torch.zeros(32)})
    assert of(gpt2_folder) != first


@pytest.mark.parametrize("change", ["name", "dtype", "shape"])
def test_that_the_name_type_and_shape_of_a_tensor_count(
    gpt2_folder: Path, reweigh: Callable[..., None], change: str
) -> None:
    zeros = torch.zeros(2, 4, dtype=torch.int32)
    changed = {"name": {"z": zeros}, "dtype": {"extra": zeros.float()}, "shape": {"extra": zeros.reshape(4, 2)}}[change]
    reweigh(gpt2_folder, lambda weights: weights | {"extra": zeros})
    first = of(gpt2_folder)
    reweigh(gpt2_folder, lambda weights: {name: w for name, w in weights.items() if name != "extra"} | changed)
    assert of(gpt2_folder) != first


def test_that_how_the_tokenizer_is_set_counts(gpt2_folder: Path) -> None:
    first = of(gpt2_folder)
    file = gpt2_folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"add_prefix_space": True}))
    assert of(gpt2_folder) != first


@pytest.mark.parametrize("zipped", [True, False])
def test_that_bin_files_have_a_fingerprint_of_every_tensor(
    gpt2_folder: Path, tiny_gpt2: TinyModel, tmp_path: Path, zipped: bool
) -> None:
    def save(folder: Path, **changed: torch.Tensor) -> str:
        weights = tiny_gpt2.model.state_dict() | changed
        torch.save(weights, folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
        return of(folder)

    (gpt2_folder / "model.safetensors").unlink()
    elsewhere = Path(shutil.copytree(gpt2_folder, tmp_path / "elsewhere"))
    large = torch.zeros(1000, 1000)
    first = save(gpt2_folder, large=large)
    assert save(elsewhere, large=large) == first
    assert save(elsewhere, large=large.reshape(500, 2000)) != first
    assert save(elsewhere, large=large, **{"transformer.ln_f.bias": torch.zeros(32)}) != first
    large[500, 333] = 1  # older files are read whole; newer ones hold a checksum of all bytes
    assert save(elsewhere, large=large) != first
