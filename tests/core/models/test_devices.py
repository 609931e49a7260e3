"""The device is the one that was asked for, or the fastest there is."""

from __future__ import annotations

import pytest
import torch

from core.errors import SurgeryError
from core.models.devices import check_dtype, choose_device


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Pretend a number of GPUs, and Apple's chip or not."""
    n_gpus, apple = request.param
    monkeypatch.setattr(torch.cuda, "is_available", lambda: n_gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: apple)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("machine", "wanted", "chosen"),
    [
        ((0, False), "auto", "cpu"),
        ((0, True), "auto", "mps"),
        ((2, False), "auto", "cuda"),
        ((2, False), "cpu", "cpu"),
        ((2, False), "cuda:1", "cuda:1"),
    ],
    indirect=["machine"],
)
def test_that_auto_is_the_fastest_and_a_wish_is_kept(wanted: str, chosen: str) -> None:
    assert choose_device(wanted) == chosen


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("machine", "wanted", "sentence"),
    [
        ((0, False), "cuda", "The device cuda is not available"),
        ((0, False), "cuda:0", "The device cuda:0 is not available"),
        ((2, False), "cuda:2", "There is no cuda:2: this machine has 2 GPU"),
        ((0, False), "mps", "The device mps is not available"),
        ((0, False), "tpu", "There is no device 'tpu'"),
        ((0, False), "cpu:1", "There is no device 'cpu:1'"),
        ((2, False), "cuda:x", "There is no device 'cuda:x'"),
        ((2, False), "", "There is no device ''"),
    ],
    indirect=["machine"],
)
def test_that_a_device_that_is_not_there_is_one_sentence(wanted: str, sentence: str) -> None:
    with pytest.raises(SurgeryError, match=sentence):
        choose_device(wanted)


def test_that_only_floating_point_formats_are_offered() -> None:
    check_dtype("bfloat16")
    with pytest.raises(SurgeryError, match=r"There is no dtype 'int8'. Choose one of float32, float16, bfloat16"):
        check_dtype("int8")
