"""How much is computed at once follows the memory that is free, on every kind of device."""

from __future__ import annotations

from dataclasses import replace

import psutil
import pytest
import torch

from core.models.info import ModelInfo
from core.runs import batch_sizes as sizing
from core.runs.batch_sizes import BatchSizes, available_bytes, batch_sizes, tokens_at_once

GIB = 2**30
LARGE = ModelInfo(
    name="GPT-2 Large",
    family="gpt2",
    n_layers=36,
    n_heads=20,
    n_key_value_heads=20,
    d_model=1280,
    d_head=64,
    d_mlp=5120,
    vocab_size=50257,
    context=1024,
    objective="causal",
    has_head=True,
    mask_token=None,
    n_parameters=774_000_000,
    memory_bytes=3_100_000_000,
    dtype="float32",
    device="cpu",
)
LLAMA = replace(
    LARGE, n_heads=32, n_key_value_heads=8, d_model=4096, d_head=128, d_mlp=14336, vocab_size=128256, dtype="bfloat16"
)


def free(monkeypatch: pytest.MonkeyPatch, n_bytes: int) -> None:
    """Let so much memory be free on every device."""
    monkeypatch.setattr(sizing, "available_bytes", lambda device: n_bytes)


def test_that_a_processor_with_memory_to_spare_gets_what_suits_its_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 64 * GIB)
    assert batch_sizes(LARGE, 10, 5) == BatchSizes(1024 // 5, 128, 256 * 2**20 // (2 * 5 * 1280 * 4))


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_that_a_gpu_gets_thousands_of_rows(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 40 * GIB)
    found = batch_sizes(replace(LLAMA, device=device), 10, 5)
    assert found.product * 5 > 4 * 1024
    assert found.answers > 128
    assert found.wave >= 32 * 32


@pytest.mark.parametrize("info", [LARGE, replace(LARGE, device="cuda"), LLAMA, replace(LLAMA, device="cuda")])
@pytest.mark.parametrize(("n_tokens", "n_rows"), [(10, 5), (1000, 500), (1000, 1000)])
def test_that_no_part_takes_more_than_its_share_of_what_is_free(
    info: ModelInfo, n_tokens: int, n_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = 4 if info.dtype == "float32" else 2
    before = None
    for gib in (64, 8, 2, 0.5):
        free(monkeypatch, int(gib * GIB))
        found, room = batch_sizes(info, n_tokens, n_rows), gib * GIB / 4
        taken = (
            (found.product, n_rows * (2 * info.d_model + 2 * (info.d_mlp or 0)) * wide),
            (found.answers, info.vocab_size * (wide + 8)),
            (found.wave, 2 * n_rows * info.d_model * wide),
        )
        for count, each in taken:
            assert count == 1 or count * each <= room
        if before is not None:  # less memory never makes more
            assert all(a <= b for a, b in zip(vars(found).values(), vars(before).values(), strict=True))
        before = found


def test_that_prompts_go_through_together_as_far_as_memory_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 40 * GIB)
    assert tokens_at_once(LARGE) == 2048
    assert tokens_at_once(replace(LLAMA, device="cuda")) > 2048
    free(monkeypatch, GIB)
    kept = 2 * 37 * 1280 * 4
    assert 1 < tokens_at_once(LARGE) < GIB / 4 / kept
    free(monkeypatch, 0)
    assert tokens_at_once(LARGE) == 1


def test_that_one_cell_is_tried_however_little_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    for nothing in (0, -GIB):
        free(monkeypatch, nothing)
        assert batch_sizes(LARGE, 1000, 1000) == BatchSizes(1, 1, 1)
    free(monkeypatch, GIB)
    assert batch_sizes(LARGE, 10, 0).product > 0  # nothing that is read out comes after what is operated on


def test_that_halving_starts_from_what_was_tried_and_ends_at_one() -> None:
    assert BatchSizes(200, 128, 5000).halved(720) == BatchSizes(100, 64, 360)
    assert BatchSizes(200, 128, 5000).halved(20) == BatchSizes(10, 10, 10)
    assert BatchSizes(1, 1, 2).halved(2) == BatchSizes(1, 1, 1)


def test_that_what_torch_holds_unused_counts_as_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (7 * GIB, 24 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 5 * GIB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 3 * GIB)
    assert available_bytes("cuda:0") == 9 * GIB
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 2 * GIB)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: GIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"available": 6 * GIB}))
    assert available_bytes("mps") == GIB
    assert available_bytes("cpu") == 6 * GIB
