"""The structure of what ``bench`` answers; how fast anything is, is no matter of a test."""

from __future__ import annotations

import json
import sys
from math import isnan
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import torch

from core.bench import measures, peers, shapes
from core.bench.measures import QUICK, Row, Setting, measure
from core.bench.report import as_data, plot, table
from core.bench.shapes import Shape
from core.command_line import main
from core.errors import SurgeryError

TINY = {
    "gpt2": Shape(
        "tiny GPT-2",
        "GPT2Config",
        (
            ("n_layer", 3),
            ("n_head", 4),
            ("n_embd", 32),
            ("vocab_size", 200),
            ("bos_token_id", 0),
            ("eos_token_id", 0),
        ),
    ),
    "llama": Shape(
        "tiny Llama",
        "LlamaConfig",
        (
            ("num_hidden_layers", 2),
            ("num_attention_heads", 4),
            ("num_key_value_heads", 2),
            ("hidden_size", 32),
            ("intermediate_size", 48),
            ("vocab_size", 200),
        ),
    ),
    "bert": Shape(
        "tiny BERT",
        "BertConfig",
        (
            ("num_hidden_layers", 2),
            ("num_attention_heads", 4),
            ("hidden_size", 32),
            ("intermediate_size", 48),
            ("vocab_size", 200),
        ),
    ),
}
SETTING = Setting(rounds=2, samples=3, lengths=(10, 20, 100_000), prompts=(1, 2))


@pytest.fixture(autouse=True)
def tiny_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (shapes, measures, peers):
        monkeypatch.setattr(module, "SHAPES", TINY)


@pytest.mark.parametrize("shape", TINY)
def test_that_everything_is_measured_and_equal_to_the_notebook(shape: str) -> None:
    rows = measure(shape, list(measures.MEASURES), SETTING)
    assert {row.shape for row in rows} == {TINY[shape].label}
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.measure, []).append(row)
        assert row.low <= row.value <= row.high or row.case == "not measured"
    assert by_name["difference"][0].value < 1e-5
    for name in ("notebook", "engine", "engine / notebook", "one click", "screen", "utilisation", "memory"):
        assert all(row.value > 0 for row in by_name[name]), name
    assert [row.case for row in by_name["sweep by tokens"]] == ["10", "20"]  # longer than the context is left out
    assert [row.case for row in by_name["sweep by prompts"]] == ["1", "2"]
    layers = dict(TINY[shape].config).get("n_layer", 2)
    assert [row.case for row in by_name["sweep by layer"]] == [str(layer) for layer in range(layers)]


@pytest.mark.parametrize("pays", [True, False])
def test_that_bf16_is_measured_where_it_helps(monkeypatch: pytest.MonkeyPatch, pays: bool) -> None:
    monkeypatch.setattr("core.hooks.differences._pays", lambda _: pays)
    rows = {(row.measure, row.case): row for row in measure(next(iter(TINY)), ["bf16"], SETTING)}
    if pays:
        assert rows["engine in bf16 / notebook", "times faster"].value > 0
        assert 0 < rows["difference in bf16", "largest"].value < 0.02
    else:
        assert [case for _, case in rows] == ["not measured"]
        found = rows["engine in bf16", "not measured"]
        assert "no faster in bf16" in found.note
        assert isnan(found.value) and as_data(found)["value"] is None
        assert found.note in table([found], {})


def test_that_the_command_says_a_table_and_writes_numbers_and_a_drawing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench.json"
    assert main(["bench", "--quick", "--measures", "cells,layers", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "tiny GPT-2" in said.out and "engine / notebook" in said.out
    answer: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    assert answer["schema"] == "bench/1"
    assert answer["machine"]["threads"] == torch.get_num_threads()
    assert {row["measure"] for row in answer["rows"]} >= {"engine", "sweep by layer"}
    drawn = ET.fromstring(out.with_suffix(".svg").read_text(encoding="utf-8"))
    assert len(drawn.findall("{*}polyline")) == 1
    assert len(drawn.findall("{*}circle")) == len([r for r in answer["rows"] if r["measure"] == "sweep by layer"])


def test_that_an_unknown_shape_or_measure_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--shapes", "gpt9"], ["--measures", "taste"]):
        with pytest.raises(SystemExit) as refused:
            main(["bench", *wrong])
        assert refused.value.code == 2
        assert f"{wrong[1]!r} is none of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--out", "missing/bench.json"), "missing does not exist."),
        (("--out", "bench.svg"), "'bench.svg' cannot hold the numbers."),
        (("--peers", "missing/python"), "There is no program missing/python."),
    ],
)
def test_that_what_has_no_place_is_refused_before_minutes_of_measuring(
    more: tuple[str, str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "--quick", "--measures", "click", *more]) == 1
    said = capsys.readouterr().err
    assert sentence in said and "Measuring" not in said


@pytest.mark.parametrize("threads", ["0", "-1", "many"])
def test_that_a_number_of_threads_is_whole_and_from_1(threads: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["bench", "--threads", threads])
    assert refused.value.code == 2
    assert "is not a whole number from 1" in capsys.readouterr().err


def test_that_tools_that_are_not_there_are_said_to_be_missing() -> None:
    """The environment that the tests run in has none of them."""
    rows = peers.measure_peers(sys.executable, "gpt2", QUICK)
    assert {row.measure: row.note for row in rows if row.case == "not measured"} == dict.fromkeys(
        ("nnsight", "pyvene", "transformer_lens"), "not found"
    )
    assert [row.measure for row in rows if row.value > 0] == ["notebook there"]
    assert peers.measure_peers(sys.executable, "llama", QUICK) == []


def test_that_an_interpreter_without_the_libraries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SurgeryError, match="Nothing can be measured"):
        peers.measure_peers(str(tmp_path / "python"), "gpt2", QUICK)


def test_that_a_drawing_spans_orders_of_magnitude_and_marks_every_point() -> None:
    rows = [
        Row("a & b", "sweep by tokens", case, value, value, value, "s") for case, value in (("10", 1), ("1000", 90))
    ]
    drawn = ET.fromstring(plot(rows))
    assert [text.text for text in drawn.findall("{*}text")][-1] == "a & b"
    left, right = (float(circle.get("cx", "nan")) for circle in drawn.findall("{*}circle"))
    assert left < right
    assert "a & b" in table(rows, {"cores": 2})
