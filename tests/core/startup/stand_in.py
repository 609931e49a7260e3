"""A Python that only pretends: it makes environments and installs packages by writing that down."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

# The first two lines make a shell run the rest in Python: a path with a blank cannot follow "#!".
PROGRAM = """#!/bin/sh
"exec" "{python}" "$0" "$@"
import json, os, shutil, sys

asked = sys.argv[1:]
if asked[0] == "-c":
    exec(asked[1])
    sys.exit(0)
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(asked) + "\\n")
answers = json.load(open({answers!r}))
answer = answers.get(asked[1], {{}})
if asked[:2] == ["-m", "venv"] and not answer.get("code"):
    os.makedirs(os.path.join(asked[2], "bin"))
    shutil.copy(__file__, os.path.join(asked[2], "bin", "python"))
print(answer.get("says", ""))
sys.exit(answer.get("code", 0))
"""


@dataclass
class StandIn:
    """A project folder, and a Python for it that installs nothing.

    Attributes
    ----------
    root : Path
        The folder, with its pyproject.toml and constraints.txt.
    python : Path
        The stand-in; environments that it makes hold the same.
    """

    root: Path
    python: Path

    def answer(self, module: str, says: str, code: int) -> None:
        """Decide what ``-m module`` prints and how it ends, from now on."""
        self._answers.write_text(json.dumps({module: {"says": says, "code": code}}))

    @property
    def _answers(self) -> Path:
        return self.root.parent / "answers.json"

    @property
    def calls(self) -> list[list[str]]:
        """All that it was called with, in order."""
        calls = self.root.parent / "calls.jsonl"
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    @property
    def installs(self) -> list[list[str]]:
        """What pip was asked to install, without the options that are always there."""
        return [call[call.index("install") + 1 : -2] for call in self.calls if "install" in call]


def make_stand_in(folder: Path) -> StandIn:
    """Write a project folder and the stand-in beside it."""
    root = folder / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "constraints.txt").write_text("torch==2.13.0\n")
    python = folder / "stand-in"
    calls, answers = folder / "calls.jsonl", folder / "answers.json"
    answers.write_text("{}")
    python.write_text(PROGRAM.format(python=sys.executable, calls=str(calls), answers=str(answers)), encoding="utf-8")
    python.chmod(0o755)
    return StandIn(root, python)
