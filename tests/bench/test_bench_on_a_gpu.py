"""What ``bench`` does on a GPU, as far as it can be seen without one."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch

from core.bench import arithmetic, clock, measures, shapes
from core.bench.arithmetic import CALLS_ON_GPU, ROWS_ON_GPU, product_rates
from core.bench.measures import QUICK, Row, Setting
from core.bench.shapes import ON_GPU, ON_PROCESSOR, SHAPES, build
from core.command_line import main
from core.models.memory import DoesNotFit
from tests.bench.test_bench_command import TINY


def test_that_the_clock_waits_for_a_gpu_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: happened.append("waited"))
    monkeypatch.setattr(time, "perf_counter", lambda: happened.append("read") or float(len(happened)))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert clock.seconds(lambda: happened.append("done")) == 3.0
    assert happened == ["waited", "read", "done", "waited", "read"]
    assert not clock.is_of_processor()  # whose own time says nothing about a GPU


def test_that_the_peak_of_a_device_is_that_of_its_format_and_fills_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, torch.dtype, int]] = []

    def seconds(do: Any) -> float:
        made = do()
        seen.append((made[0].device.type, made[0].dtype, len(made)))
        return 0.5

    monkeypatch.setattr(arithmetic, "seconds", seconds)
    rates = product_rates(64, "meta", "bfloat16", tries=1)
    assert set(seen) == {("meta", torch.bfloat16, CALLS_ON_GPU)}
    assert rates["torch"] == CALLS_ON_GPU * 2 * ROWS_ON_GPU * 64 * 256 / 0.5
    assert rates["square"] == CALLS_ON_GPU * 2 * ROWS_ON_GPU**3 / 0.5


def test_that_the_processor_is_measured_in_other_formats_too() -> None:
    assert product_rates(32, dtype="bfloat16", tries=1).keys() == {"torch"}


@pytest.mark.parametrize("shape", ON_GPU)
def test_that_a_model_is_made_on_its_device_in_its_format(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "free_bytes", lambda device: 80 * 2**30)
    made = build(SHAPES[shape], "meta", "bfloat16")
    assert {weight.device.type for weight in made.network.parameters()} == {"meta"}
    assert {buffer.device.type for buffer in made.network.buffers()} <= {"meta"}
    assert {weight.dtype for weight in made.network.parameters()} == {torch.bfloat16}
    assert made.network.config._attn_implementation == "sdpa"
    assert (made.info.device, made.info.dtype) == ("meta", "bfloat16")
    assert made.info.memory_bytes == 2 * made.info.n_parameters
    assert torch.empty(0).device.type == "cpu"


def test_that_the_large_llama_has_the_weights_of_one_of_8_billion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "free_bytes", lambda device: 80 * 2**30)
    info = build(SHAPES["llama-8b"], "meta", "bfloat16").info
    assert (info.n_layers, info.n_heads, info.n_key_value_heads, info.d_model) == (32, 32, 8, 4096)
    assert info.n_parameters == 8_030_261_248
    assert "llama-8b" not in ON_PROCESSOR


def test_that_a_shape_that_does_not_fit_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "free_bytes", lambda device: 8 * 2**30)
    with pytest.raises(DoesNotFit, match=r"Llama, 8 B needs about .* in bfloat16 but only .* are free on cuda"):
        build(SHAPES["llama-8b"], "cuda", "bfloat16")


def test_that_half_precision_is_measured_against_a_notebook_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "SHAPES", TINY)
    rows = measures.measure("llama", ["cells"], QUICK, "cpu", "bfloat16")
    found = {(row.measure, row.case): row for row in rows}
    assert 0 < found["difference", "largest"].value < 0.1  # in bf16 both are rounded, each in its own way
    per_cell, rate = found["engine", "per cell"], found["engine", "cells per second"]
    assert rate.high == pytest.approx(1e3 / per_cell.low)


class Asked:
    """Takes the place of the measuring, on a machine that says it has a GPU."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.measured: list[tuple[str, str, str]] = []

        def measure(shape: str, names: Any, setting: Setting, device: str, dtype: str) -> list[Row]:
            assert torch.get_float32_matmul_precision() == "highest"
            self.measured.append((shape, device, dtype))
            return []

        monkeypatch.setattr(measures, "measure", measure)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")


def test_that_a_gpu_is_measured_on_the_two_large_shapes_in_bf16(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Asked(monkeypatch)
    assert main(["bench", "--device", "cuda"]) == 0
    assert asked.measured == [("gpt2-large", "cuda", "bfloat16"), ("llama-8b", "cuda", "bfloat16")]
    assert "device cuda (a GPU), dtype bfloat16, TF32 off" in capsys.readouterr().out


def test_that_float32_on_a_gpu_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, before = Asked(monkeypatch), torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        assert main(["bench", "--device", "cuda", "--dtype", "float32", "--shapes", "gpt2"]) == 0
    finally:
        torch.set_float32_matmul_precision(before)
    assert asked.measured == [("gpt2", "cuda", "float32")]


def test_that_the_processor_is_measured_on_all_but_the_largest_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    assert main(["bench"]) == 0
    assert asked.measured == [(shape, "cpu", "float32") for shape in ON_PROCESSOR]


def test_that_a_machine_without_a_gpu_says_so_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["bench", "--device", "cuda"]) != 0
    said = capsys.readouterr()
    assert "The device cuda is not available" in said.err
    assert "Traceback" not in said.err and said.out == ""


def test_that_other_tools_are_measured_on_the_processor_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--dtype", "bfloat16", "--peers", "python"]) != 0
    assert "Other tools are measured on the processor in float32." in capsys.readouterr().err
