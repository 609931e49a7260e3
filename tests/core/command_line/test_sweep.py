"""``sweep``: its answer key by key, its tables, what can be resumed, and what cannot be followed."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from core.command_line.sweep_options import parse_doses
from core.runs import sweep_run
from core.runs.sweep import sweep
from core.runs.sweep_words import duration
from core.statistics.corrections import benjamini_hochberg, bonferroni, holm
from core.statistics.t_tests import one_sample
from tests.core.command_line.conftest import Said
from tests.core.command_line.test_answer import MODEL, READOUTS, TOKEN, hold
from tests.fixtures.skips import NO_PYARROW, only_linux

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

Command = Callable[..., Said]
ROOT = Path(__file__).resolve().parent.parent.parent.parent
N_LAYERS, N_HEADS = 3, 4
TOP = {
    "schema": str, "method": str, "model": dict, "tokens": list, "read_position": int, "target": dict, "versus": dict,
    "hook_point": str, "op": str, "params": dict, "axes": list, "clean": dict, "cells": list, "comparisons": int,
    "layer_tests": list, "seconds": float, "peak_memory_bytes": int, "reused": dict,
}  # fmt: skip
CELL = {
    "layer": int, "head": int, "positions": list, "log_prob": float, "d_log_prob": float, "logit_difference": float,
    "kl": float, "cosine": dict,
}  # fmt: skip
TEST = {
    "layer": int, "readout": str, "n": int, "mean": float, "sd": float, "t": float, "p": float, "p_bonferroni": float,
    "p_holm": float, "p_bh": float, "cohens_d": float, "ci95": list,
}  # fmt: skip
ASKED = ("--sites", "heads", "--at", 2, "--op", "silence")


def arguments(tiny: TinyModel, *more: object) -> tuple[object, ...]:
    return ("sweep", "--model", tiny.folder, "--prompt", tiny.prompt, "--device", "cpu", *more)


def ask(command: Command, tiny: TinyModel, *more: object) -> dict[str, Any]:
    return command(*arguments(tiny, *more)).answer


def test_that_a_sweep_answers_every_key_in_its_type(command: Command, tiny_language_model: TinyModel) -> None:
    tiny = tiny_language_model
    found = ask(command, tiny, *ASKED, "--pair", "1|3", "--pair", "butter|-1", "--versus", "the", "--exact")
    hold(found, TOP)
    assert (found["schema"], found["method"], found["op"], found["hook_point"]) == ("sweep/1", "exact", "silence", "z")
    hold(found["model"], MODEL)
    hold(found["clean"], READOUTS)
    for token in found["tokens"]:
        hold(token, TOKEN)
    assert [(axis["name"], len(axis["values"])) for axis in found["axes"]] == [("layer", N_LAYERS), ("head", N_HEADS)]
    assert [(cell["layer"], cell["head"]) for cell in found["cells"]] == [
        (layer, head) for layer in range(N_LAYERS) for head in range(N_HEADS)
    ]
    for cell in found["cells"]:
        hold(cell, CELL)
        assert cell["positions"] == [2]
        assert cell["d_log_prob"] == pytest.approx(cell["log_prob"] - found["clean"]["log_prob"], abs=1e-9)
        assert list(cell["cosine"]) == ["1|3", "butter|-1"]
        assert all(len(values) == N_LAYERS + 1 for values in cell["cosine"].values())
    assert found["comparisons"] == len(found["cells"]) == 12
    assert found["peak_memory_bytes"] > 2**20


def test_that_each_layer_is_tested_in_every_readout(command: Command, tiny_bert: TinyModel) -> None:
    asked = ("--sites", "heads", "--at", "all", "--op", "silence")
    found = ask(command, tiny_bert, *asked, "--pair", "1|3", "--versus", "the")
    names = ("d_log_prob", "d_logit_difference", "d_cosine 1|3")
    assert [(test["readout"], test["layer"]) for test in found["layer_tests"]] == [
        (name, layer) for name in names for layer in range(N_LAYERS)
    ]
    clean = found["clean"]
    changes: dict[str, Callable[[dict[str, Any]], float]] = {
        "d_log_prob": lambda cell: cell["d_log_prob"],
        "d_logit_difference": lambda cell: cell["logit_difference"] - clean["logit_difference"],
        "d_cosine 1|3": lambda cell: cell["cosine"]["1|3"][-1] - clean["cosine"]["1|3"][-1],
    }
    for name in names:
        tests = [test for test in found["layer_tests"] if test["readout"] == name]
        for test in tests:
            hold(test, TEST)
            known = one_sample([changes[name](cell) for cell in found["cells"] if cell["layer"] == test["layer"]])
            assert test["n"] == N_HEADS
            for key in ("mean", "sd", "t", "p", "cohens_d"):
                assert test[key] == pytest.approx(getattr(known, key), rel=1e-5, abs=1e-12)
            assert test["ci95"] == pytest.approx(known.ci95, rel=1e-5, abs=1e-12)
        p = [test["p"] for test in tests]
        for key, correct in (("p_bonferroni", bonferroni), ("p_holm", holm), ("p_bh", benjamini_hochberg)):
            assert [test[key] for test in tests] == pytest.approx(correct(p, 12))


def test_that_attention_mlp_and_block_are_swept_side_by_side(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path
) -> None:
    asked = ("--sites", "parts", "--at", 2, "--op", "silence")
    found = ask(command, tiny_gpt2, *asked)
    hold(found, {key: kind for key, kind in TOP.items() if key != "hook_point"}, empty=("versus",))
    assert [(axis["name"], axis["labels"]) for axis in found["axes"]] == [
        ("part", ["attention", "MLP", "block"]),
        ("layer", ["L0", "L1", "L2"]),
    ]
    apart = [
        cell
        for sites in ("attn", "mlp", "blocks")
        for cell in ask(command, tiny_gpt2, "--sites", sites, *asked[2:])["cells"]
    ]
    assert [cell["hook_point"] for cell in found["cells"]] == ["attn_out"] * 3 + ["mlp_out"] * 3 + ["block"] * 3
    for together, alone in zip(found["cells"], apart, strict=True):
        assert together["layer"] == alone["layer"]
        assert together["d_log_prob"] == pytest.approx(alone["d_log_prob"], abs=1e-5)
    command(*arguments(tiny_gpt2, *asked, "--out", tmp_path / "parts.csv"))
    rows = list(csv.DictReader((tmp_path / "parts.csv").read_text().splitlines()))
    assert [row["hook_point"] for row in rows] == [cell["hook_point"] for cell in found["cells"]]


def test_that_tokens_and_doses_are_tested_apart(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(
        command, tiny_gpt2, "--sites", "heads", "--layer", 1, "--at", "each", "--op", "scale", "--dose", "0:1:3"
    )
    n_tokens = len(found["tokens"])
    assert len(found["cells"]) == N_HEADS * n_tokens * 3 == found["comparisons"]
    assert found["params"] == {}
    assert found["dose"] == {"param": "k", "values": [0.0, 0.5, 1.0]}
    places = [(tuple(test["positions"]), test["dose"]) for test in found["layer_tests"]]
    assert sorted(places) == [((token,), dose) for token in range(n_tokens) for dose in (0.0, 0.5, 1.0)]
    idle = [test for test in found["layer_tests"] if test["dose"] == 1.0]
    assert all(test["mean"] == 0.0 and test["t"] is None and test["p_bonferroni"] is None for test in idle)
    for cell in found["cells"]:
        hold(cell, {**CELL, "dose": float}, empty=("logit_difference",))


def test_that_a_layer_of_one_cell_has_no_test(command: Command, tiny_gpt2: TinyModel) -> None:
    found = ask(command, tiny_gpt2, "--sites", "attn", "--at", "all", "--op", "skip")
    assert found["layer_tests"] == []
    assert [cell["head"] for cell in found["cells"]] == [None] * N_LAYERS
    assert found["cells"][0]["positions"] == list(range(len(found["tokens"])))


def test_that_a_model_without_a_head_answers_similarities(command: Command, tiny_bert_encoder: TinyModel) -> None:
    found = ask(command, tiny_bert_encoder, *ASKED, "--pair", "1|3")
    hold(found, TOP, empty=("read_position", "target", "versus"))
    for cell in found["cells"]:
        hold(cell, CELL, empty=("log_prob", "d_log_prob", "logit_difference", "kl"))
    assert {test["readout"] for test in found["layer_tests"]} == {"d_cosine 1|3"}


def test_that_a_patch_says_which_way_it_goes(command: Command, tiny_gpt2: TinyModel) -> None:
    other = tiny_gpt2.prompt.replace("butter", "bread")
    found = ask(
        command, tiny_gpt2, "--sites", "resid", "--at", "-1", "--op", "patch", "--donor-prompt", other, "--denoise"
    )
    assert found["patching"].startswith("denoising")
    found = ask(command, tiny_gpt2, *ASKED[:5], "mean(over=references)", "--references", "everyday")
    assert found["remarks"][0].startswith("over ")


def test_that_the_screen_estimates_what_the_exact_sweep_finds(command: Command, tiny_gpt2: TinyModel) -> None:
    asked = ("--sites", "resid", "--at", "-1", "--op", "scale(k=1.001)", "--pair", "3|-1")
    estimated, exact = ask(command, tiny_gpt2, *asked, "--screen"), ask(command, tiny_gpt2, *asked)
    assert (estimated["method"], exact["method"]) == ("screen", "exact")
    for guess, found in zip(estimated["cells"], exact["cells"], strict=True):
        assert guess["d_log_prob"] == pytest.approx(found["d_log_prob"], rel=0.1, abs=2e-5)
        assert guess["kl"] is None
        assert guess["cosine"]["3|-1"][:-1] == [None] * N_LAYERS
        assert guess["cosine"]["3|-1"][-1] == pytest.approx(found["cosine"]["3|-1"][-1], abs=1e-4)


@pytest.mark.parametrize("sites", ["queries", "keys"])
def test_that_queries_and_keys_are_screened_through_the_softmax(
    command: Command, tiny_gpt2: TinyModel, sites: str
) -> None:
    asked = ("--sites", sites, "--at", 2, "--op", "scale(k=1.01)")
    estimated, exact = ask(command, tiny_gpt2, *asked, "--screen"), ask(command, tiny_gpt2, *asked)
    assert exact["hook_point"] == sites[0]
    assert len(exact["cells"]) == N_LAYERS * N_HEADS
    for guess, found in zip(estimated["cells"], exact["cells"], strict=True):
        assert guess["d_log_prob"] == pytest.approx(found["d_log_prob"], rel=0.1, abs=2e-5)


def test_that_a_sweep_in_bf16_states_how_far_it_is_from_exact(command: Command, tiny_gpt2: TinyModel) -> None:
    asked = ("--sites", "resid", "--at", "each", "--op", "scale(k=0.5)", "--pair", "3|-1")
    with patch("core.hooks.differences._pays", return_value=True):
        said = command(*arguments(tiny_gpt2, *asked, "--bf16"))
    exact, found = ask(command, tiny_gpt2, *asked, "--exact"), json.loads(said.out)
    assert (found["method"], exact["method"]) == ("bf16", "exact")
    assert said.err.endswith(f"{found['remarks'][-1]}\n")
    assert "cells that were run again" in found["remarks"][-1]
    numbers = found["checked"]["cells"]
    worst = max(abs(found["cells"][n]["log_prob"] - exact["cells"][n]["log_prob"]) for n in numbers)
    assert found["checked"]["largest_error_log_prob"] == pytest.approx(worst, abs=2e-6)
    few = command(*arguments(tiny_gpt2, *ASKED, "--bf16"))
    assert json.loads(few.out)["method"] == "exact"
    assert "too few for bf16" in few.err


def test_that_csv_has_a_row_for_every_cell(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    asked = (*ASKED[:3], "0,2", "--op", "silence", "--pair", "1|3")
    said = command(*arguments(tiny_gpt2, *asked, "--out", tmp_path / "cells.csv"))
    assert (said.code, said.out, said.err) == (0, "", "")
    with (tmp_path / "cells.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    found = ask(command, tiny_gpt2, *asked)
    assert len(rows) == len(found["cells"])
    for row, cell in zip(rows, found["cells"], strict=True):
        assert (row["layer"], row["head"], row["positions"]) == (str(cell["layer"]), str(cell["head"]), "0,2")
        assert row["logit_difference"] == ""
        for key in ("log_prob", "d_log_prob", "kl"):
            assert float(row[key]) == pytest.approx(cell[key], abs=1e-9)
        by_depth = [float(row[f"cosine 1|3 {depth}"]) for depth in range(N_LAYERS + 1)]
        assert by_depth == pytest.approx(cell["cosine"]["1|3"])
    assert list(tmp_path.iterdir()) == [tmp_path / "cells.csv"]


def test_that_a_table_of_estimates_says_that_they_are(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    out = tmp_path / "cells.csv"
    for how, method in (("--screen", "screen"), ("--exact", None)):
        assert command(*arguments(tiny_gpt2, *ASKED, how, "--out", out)).code == 0
        with out.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        assert [row.get("method") for row in rows] == [method] * N_LAYERS * N_HEADS


@pytest.mark.skipif(find_spec("pyarrow") is None, reason=NO_PYARROW)
def test_that_parquet_has_a_row_for_every_cell(command: Command, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    from pyarrow import parquet

    asked = ("--sites", "neurons", "--layer", 1, "--at", -1, "--op", "scale", "--dose", "0,2", "--pair", "1|3")
    said = command(*arguments(tiny_gpt2, *asked, "--out", tmp_path / "cells.parquet"))
    assert (said.code, said.out, said.err) == (0, "", "")
    rows = parquet.read_table(tmp_path / "cells.parquet").to_pylist()
    cells = ask(command, tiny_gpt2, *asked)["cells"]
    assert len(rows) == len(cells) == 256
    for row, cell in zip(rows, cells, strict=True):
        for key in ("layer", "head", "neuron", "dose"):
            assert row[key] == cell[key]
        assert row["logit_difference"] is None
        assert row["d_log_prob"] == pytest.approx(cell["d_log_prob"], abs=1e-9)
        assert row["cosine 1|3 2"] == pytest.approx(cell["cosine"]["1|3"][2])


def test_that_without_pyarrow_parquet_is_refused_before_the_work(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.command_line.sweep_options.find_spec", lambda name: None if name == "pyarrow" else name)
    said = command("sweep", "--model", "no such model", "--prompt", "x", *ASKED, "--out", "cells.parquet")
    assert said.sentence == (
        "Parquet needs the package pyarrow, which is not installed. Install it, or write .csv or .json."
    )


BAD: dict[str, tuple[object, ...]] = {
    "'silence=2' is not an operation.": (*ASKED[:5], "silence=2"),
    "'silence->L2H1.q' is not an operation.": (*ASKED[:5], "silence->L2H1.q"),
    "There is no operation 'vanish'.": (*ASKED[:5], "vanish"),
    "sigma cannot be 'much'.": (*ASKED[:5], "noise(sigma=much)"),
    "Neurons are swept one layer at a time.": ("--sites", "neurons", "--at", 0, "--op", "silence"),
    "Silence has no dose to sweep.": (*ASKED, "--dose", "0:1:3"),
    "'a:b:c' does not name doses.": (*ASKED[:5], "scale", "--dose", "a:b:c"),
    "0 doses cannot be swept.": (*ASKED[:5], "scale", "--dose", "0:1:0"),
    "sigma cannot be -1.0.": (*ASKED[:5], "noise", "--dose", "-1:1:2"),
    "'x' does not name token positions.": ("--sites", "heads", "--at", "x", "--op", "silence"),
    "No cut of this plan takes a donor prompt.": (*ASKED, "--donor-prompt", "The cat"),
    "Skip makes no sense at z.": (*ASKED[:5], "skip"),
    "'cells.txt' is no kind of answer.": (*ASKED, "--out", "cells.txt"),
    "A sweep to standard output keeps nothing to go on from.": (*ASKED, "--resume"),
    "A screen is done at once: there is nothing to go on from.": (*ASKED, "--screen", "--resume", "--out", "o.json"),
}


@pytest.mark.parametrize("sentence", BAD)
def test_that_what_cannot_be_followed_is_said_before_a_model_is_opened(command: Command, sentence: str) -> None:
    said = command("sweep", "--model", "no such model", "--prompt", "x", *BAD[sentence])
    assert said.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((*ASKED, "--layer", 3), "There is no layer 3: "),
        (("--sites", "heads", "--at", 99, "--op", "silence"), "There is no token 99: "),
        ((*ASKED[:5], "patch"), "Patch needs a counterfactual prompt. Give one with --donor-prompt."),
        ((*ASKED[:5], "resample"), "Resample needs reference prompts. Give a set, or a file of your own, with --ref"),
        ((*ASKED, "--pair", "1|nowhere"), "The text 'nowhere' does not stand in the prompt."),
    ],
)
def test_that_what_the_model_or_the_prompt_lacks_is_said(
    command: Command, tiny_gpt2: TinyModel, more: tuple[object, ...], sentence: str
) -> None:
    assert command(*arguments(tiny_gpt2, *more)).sentence.startswith(sentence)


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--sites", "tails", "--at", "1", "--op", "silence"),
        ("--sites", "heads", "--op", "silence"),
        (*ASKED, "--layer", "-1"),
        (*ASKED, "--exact", "--screen"),
        (*ASKED, "--seeds", "2"),
        (*ASKED, "--cut", "L0.block=skip"),
    ],
)
def test_that_wrong_usage_is_exit_code_2(command: Command, more: tuple[object, ...]) -> None:
    said = command("sweep", "--model", "m", "--prompt", "p", *more)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("usage: main.py")


def test_that_doses_are_read_as_a_range_or_a_list() -> None:
    assert parse_doses("0:2:5") == (0.0, 0.5, 1.0, 1.5, 2.0)
    assert parse_doses("-1:1:1") == (-1.0,)
    assert parse_doses("0.5, 1,0.5") == (0.5, 1.0)


def test_that_durations_are_said_in_words() -> None:
    assert [duration(seconds) for seconds in (0.2, 4.4, 61, 400, 7200)] == [
        "under 1 s", "about 4 s", "about 60 s", "about 7 min", "about 2.0 h",
    ]  # fmt: skip


def test_that_an_overflow_is_null_and_said(command: Command, tiny_gpt2: TinyModel) -> None:
    said = command(*arguments(tiny_gpt2, "--sites", "resid", "--at", "-1", "--op", "noise(sigma=1e300)"))
    assert (said.code, said.err.startswith("Some cells overflowed")) == (0, True)
    assert [cell["log_prob"] for cell in json.loads(said.out)["cells"]] == [None] * N_LAYERS


def test_that_an_interrupt_keeps_what_is_done(
    command: Command, tiny_gpt2: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, asked = tmp_path / "cells.json", ("--sites", "heads", "--at", "each", "--op", "silence")
    cells_of: list[int] = []

    def stopped(loaded: Any, tape: Any, cells: Any, *more: Any, **options: Any) -> Any:
        if cells_of:
            raise KeyboardInterrupt
        cells_of.append(len(cells))
        yield from sweep(loaded, tape, cells, *more, **options)

    with monkeypatch.context() as patched:
        patched.setattr(sweep_run, "sweep", stopped)
        said = command(*arguments(tiny_gpt2, *asked, "--out", out))
    kept = tmp_path / "cells.json.partial"
    assert (said.code, said.out) == (130, "")
    assert said.err == f"What is done is kept in {kept}: go on with --resume.\nCancelled.\n"
    other = command(*arguments(tiny_gpt2, *asked, "--versus", "the", "--out", out, "--resume")).sentence
    assert other.startswith(f"What is kept in {kept} is of another sweep.")
    assert command(*arguments(tiny_gpt2, *asked, "--out", out, "--resume")).code == 0
    assert list(tmp_path.iterdir()) == [out]
    whole = ask(command, tiny_gpt2, *asked)
    for cell, known in zip(json.loads(out.read_text())["cells"], whole["cells"], strict=True):
        assert cell["d_log_prob"] == pytest.approx(known["d_log_prob"], abs=1e-5)
    kept.write_bytes(b"nonsense")
    spoiled = command(*arguments(tiny_gpt2, *asked, "--out", out, "--resume")).sentence
    assert spoiled.startswith(f"What is kept of the sweep in {kept} cannot be read.")


@only_linux
def test_that_a_sweep_goes_on_after_a_kill(tmp_path: Path) -> None:
    out, kept = tmp_path / "cells.json", tmp_path / "cells.json.partial"
    asked = [  # what a shell runs in the background ignores SIGINT, and hands that on
        "env", "--default-signal=INT", sys.executable, "main.py", "sweep", "--model", "specimen-gpt2", "--prompt", "Once upon a",
        "--device", "cpu", "--sites", "neurons", "--layer", "0", "--at", "-1", "--op", "scale", "--dose", "0:2:60", "--out", str(out),
    ]  # fmt: skip
    for how in (signal.SIGINT, signal.SIGKILL):
        seen = kept.stat().st_mtime_ns if kept.exists() else None
        more = [] if seen is None else ["--resume"]
        process = subprocess.Popen([*asked, *more], cwd=ROOT, stderr=subprocess.PIPE, env=dict(os.environ))
        while process.poll() is None and (not kept.exists() or kept.stat().st_mtime_ns == seen):
            time.sleep(0.01)
        process.send_signal(how)
        said = process.communicate(timeout=60)[1].decode()
        assert kept.exists()
        assert not out.exists()
        if how == signal.SIGINT:
            assert (process.returncode, said.endswith("Cancelled.\n")) == (130, True)
    ended = subprocess.run([*asked, "--resume"], cwd=ROOT, capture_output=True, timeout=100, check=False)
    assert (ended.returncode, ended.stdout) == (0, b"")
    found = json.loads(out.read_text())
    assert len(found["cells"]) == found["comparisons"] > 1000
    assert all(cell["d_log_prob"] is not None for cell in found["cells"])
    assert list(tmp_path.iterdir()) == [out]
