"""Memory is compared with what a model needs before it is loaded."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest
import torch

from core.errors import SurgeryError
from core.models import memory
from core.models.checkpoint import Checkpoint, read_checkpoint
from core.models.progress import in_words
from tests.fixtures.tiny_models import TinyModel


@pytest.fixture
def billion(tiny_gpt2: TinyModel) -> Checkpoint:
    """Return a checkpoint that claims a billion parameters."""
    return replace(read_checkpoint(tiny_gpt2.folder), n_parameters=10**9)


def test_that_half_precision_needs_half(billion: Checkpoint) -> None:
    assert memory.needed_bytes(billion, "float32") == 2 * memory.needed_bytes(billion, "bfloat16")
    assert 4e9 < memory.needed_bytes(billion, "float32") < 5e9


@pytest.mark.parametrize(
    ("free", "hint"),
    [(3_000_000_000, "In bfloat16 it needs 2.2 GB and fits"), (1_000_000_000, "Close other programs")],
)
def test_that_too_little_memory_names_both_numbers_and_what_would_fit(
    billion: Checkpoint, monkeypatch: pytest.MonkeyPatch, free: int, hint: str
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda _: free)
    with pytest.raises(SurgeryError, match=r"needs about 4.4 GB in float32 but only \d.0 GB are free on cpu") as caught:
        memory.check_fits(billion, "float32", "cpu")
    assert hint in caught.value.hint


def test_that_a_full_gpu_points_to_the_main_memory(billion: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: 10**11 if device == "cpu" else 10**9)
    with pytest.raises(SurgeryError, match="choose the device cpu"):
        memory.check_fits(billion, "float32", "cuda")


@pytest.mark.parametrize(
    ("free", "hint"), [(3_000_000_000, "In bfloat16 it needs 2.2 GB and fits"), (10**9, "Close other programs")]
)
def test_that_a_model_for_the_gpu_must_fit_into_the_main_memory_too(
    billion: Checkpoint, monkeypatch: pytest.MonkeyPatch, free: int, hint: str
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: free if device == "cpu" else 10**11)
    with pytest.raises(SurgeryError, match=r"passes through the main memory, where it needs about 4.0 GB") as caught:
        memory.check_fits(billion, "float32", "cuda:0")
    assert hint in caught.value.hint


def test_that_memory_that_is_shared_is_asked_once(billion: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(memory, "free_bytes", lambda device: asked.append(device) or 10**11)
    memory.check_fits(billion, "float32", "mps")
    memory.check_fits(billion, "float32", "cpu")
    assert asked == ["mps", "cpu"]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: ..."),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.99 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_that_each_allocator_is_understood_when_it_runs_out(error: Exception) -> None:
    assert memory.is_out_of_memory(error)


def test_that_other_failures_are_not_taken_for_a_lack_of_memory() -> None:
    assert not memory.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not memory.is_out_of_memory(SurgeryError("The memory of cpu ran out of memory."))


def test_that_a_small_model_fits_this_machine(tiny_gpt2: TinyModel) -> None:
    assert memory.free_bytes("cpu") > 0
    memory.check_fits(read_checkpoint(tiny_gpt2.folder), "float32", "cpu")


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (12_345, "12 kB"), (548_105_171, "548 MB"), (5_812_345_678, "5.8 GB"),
     (999_700_000, "1.0 GB"), (26_000_000_000, "26 GB")],
)  # fmt: skip
def test_that_sizes_are_written_as_people_write_them(n_bytes: int, words: str) -> None:
    assert in_words(n_bytes) == words
