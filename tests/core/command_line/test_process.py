"""The real thing: ``python main.py`` in a process of its own, with nothing but the answer on its outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fixtures.skips import only_linux

if TYPE_CHECKING:
    from tests.fixtures.tiny_models import TinyModel

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def start(*arguments: object, stdout: int = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run main.py and wait for it."""
    return subprocess.run(
        [sys.executable, "-W", "default", "main.py", *map(str, arguments)],
        cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, env=os.environ | environment, timeout=110, check=False,
    )  # fmt: skip


def test_that_run_prints_json_in_utf_8_whatever_the_system_writes(tiny_gpt2: TinyModel) -> None:
    asked = ("run", "--model", tiny_gpt2.folder, "--prompt", "crème → brûlée", "--cut", "L0.block=silence")
    ended = start(*asked, "--pair", "crème|brûlée", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    answer = json.loads(ended.stdout.decode("utf-8"))
    assert (answer["schema"], answer["effect"]["changed"]) == ("run/1", True)
    assert list(answer["clean"]["cosine"]) == ["crème|brûlée"]
    assert "crème|brûlée".encode() in ended.stdout


def test_that_bad_input_is_one_sentence_and_exit_code_1(tiny_bert: TinyModel) -> None:
    ended = start("run", "--model", tiny_bert.folder, "--prompt", "The cat sat")
    wanted = "The prompt has no [MASK]. Put [MASK] where the model is to fill in a word.\n"
    assert (ended.returncode, ended.stdout, ended.stderr.decode()) == (1, b"", wanted)


def test_that_check_prints_its_table_alone(tiny_llama: TinyModel) -> None:
    ended = start("check", "--model", tiny_llama.folder)
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    assert ended.stdout.decode().endswith("All checks hold.\n")


def test_that_models_and_wrong_usage_answer_at_once() -> None:
    listed, wrong = start("models"), start("run")
    assert (listed.returncode, listed.stderr.decode()) == (0, "")
    assert listed.stdout.startswith(b"name ")
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert wrong.stderr.startswith(b"usage: main.py run")


@only_linux
def test_that_a_reader_that_leaves_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    ended = start("models", stdout=write)
    os.close(write)
    assert (ended.returncode, ended.stderr.decode()) == (0, "")


@only_linux
def test_that_a_full_disk_is_one_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = start("models", stdout=full.fileno())
    wanted = "The answer cannot be written: No space left on device. Write it elsewhere.\n"
    assert (ended.returncode, ended.stderr.decode()) == (1, wanted)
