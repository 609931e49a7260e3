"""A model too large for its GPU is spread, where the package for it is there."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers

from core.cancel import CancelToken
from core.models import loading, memory, placement
from core.models.checkpoint import Checkpoint, read_checkpoint
from core.models.memory import DoesNotFit
from core.models.progress import silent
from tests.fixtures.tiny_models import TinyModel

GB = 10**9


@pytest.fixture
def billion(tiny_gpt2: TinyModel) -> Checkpoint:
    """Return a checkpoint that claims a billion parameters: 4.4 GB."""
    return replace(read_checkpoint(tiny_gpt2.folder), n_parameters=GB)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Pretend two GPUs, their free memory and that of the machine, and accelerate or not."""
    gpu, main, has_accelerate = request.param
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for module in (memory, placement):
        monkeypatch.setattr(module, "free_bytes", lambda device: gpu if device.startswith("cuda") else main)
    monkeypatch.setattr(placement, "has_accelerate", lambda: has_accelerate)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("machine", "device", "spread"),
    [
        ((5 * GB, 5 * GB, True), "cuda", False),
        ((2 * GB, 1 * GB, True), "cuda", True),
        ((5 * GB, 5 * GB, False), "cpu", False),
    ],
    indirect=["machine"],
)
def test_that_only_what_is_too_large_for_its_gpu_is_spread(billion: Checkpoint, device: str, spread: bool) -> None:
    assert placement.needs_spreading(billion, "float32", device) is spread


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("machine", "device", "hint"),
    [
        ((2 * GB, 1 * GB, False), "cuda", r"install accelerate: pip install accelerate"),
        ((1 * GB, 1 * GB, True), "cuda", r"Close other programs"),
        ((9 * GB, 1 * GB, True), "cpu", r"Close other programs"),
    ],
    indirect=["machine"],
)
def test_that_what_cannot_be_spread_is_refused_with_a_way_out(billion: Checkpoint, device: str, hint: str) -> None:
    with pytest.raises(DoesNotFit, match=hint):
        placement.needs_spreading(billion, "float32", device)


def test_that_tokens_go_to_the_first_gpu_and_the_places_are_named() -> None:
    network: Any = SimpleNamespace(hf_device_map={"transformer.wte": "cpu", "transformer.h.0": 1, "transformer.h.1": 1})
    assert placement.first_device(network) == "cuda:1"
    assert placement.spread_note(network).endswith("spread over cpu, cuda:1.")
    network.hf_device_map = {"": "cpu"}
    assert placement.first_device(network) == "cpu"


def test_that_a_model_to_be_spread_is_left_where_the_library_put_it(
    tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package itself stands in: what the library is asked for, and that nothing is moved afterwards."""
    asked: list[object] = []
    original = transformers.GPT2LMHeadModel.from_pretrained

    def stand_in(*args: Any, device_map: object = None, **options: Any) -> Any:
        asked.append(device_map)
        network, found = original(*args, **options)
        network.hf_device_map = {"transformer": "cpu", "lm_head": "disk"}
        monkeypatch.setattr(network, "to", lambda *_: pytest.fail("a spread network was moved"))
        return network, found

    monkeypatch.setattr(transformers.GPT2LMHeadModel, "from_pretrained", stand_in)
    monkeypatch.setattr(loading, "needs_spreading", lambda *_: True)
    prepared = loading.prepare_model(str(tiny_gpt2.folder), device="cpu")
    loaded = loading.load_prepared(prepared, silent, CancelToken())
    assert asked == ["auto"]
    assert loaded.info.device == "cpu"
    assert loaded.info.notes[-1].endswith("spread over cpu, disk.")
