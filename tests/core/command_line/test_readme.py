"""Every command that the README shows does what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.command_line.conftest import Said

Command = Callable[..., Said]
README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^python main\.py ((?:run|generate|check|models)\b.*)$", README, re.MULTILINE)


def test_that_the_readme_shows_every_command() -> None:
    assert {line.split()[0] for line in SHOWN} == {"run", "generate", "check", "models"}


@pytest.mark.parametrize("line", SHOWN)
def test_that_a_command_of_the_readme_does_what_it_says(command: Command, line: str) -> None:
    said = command(*shlex.split(line))
    assert (said.code, said.err) == (0, "")
    if line.startswith(("run", "generate")):
        answer = said.answer
        assert answer["plan"]
        assert answer["clean"] != answer["operated"]
        assert not any(cut.get("unchanged") for cut in answer["plan"])
