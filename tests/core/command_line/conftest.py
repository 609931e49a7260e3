"""Running the command line in this process, and reading what it said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from core.command_line import main

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Said:
    """What a command answered.

    Attributes
    ----------
    code : int
        The exit code.
    out, err : str
        Standard output and standard error.
    """

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The JSON on standard output, and nothing but JSON."""
        assert (self.code, self.err) == (0, "")
        found: dict[str, Any] = json.loads(self.out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
        return found

    @property
    def sentence(self) -> str:
        """What an expected failure says: one line on standard error, and nothing else anywhere."""
        assert (self.code, self.out) == (1, "")
        assert self.err.endswith((".\n", "?\n"))
        assert self.err.count("\n") == 1
        assert "Traceback" not in self.err
        return self.err.removesuffix("\n")


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Return a function that runs a command; what libraries write past Python is seen too."""

    def run(*arguments: object) -> Said:
        capfd.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as usage:
            code = int(str(usage.code))
        return Said(code, *capfd.readouterr())

    return run
