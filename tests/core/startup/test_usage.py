"""Wrong usage and calls for help, answered by main.py in a process of its own on a machine with no screen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import main
from core.startup.commands import COMMANDS, ROOT
from tests.fixtures.skips import only_linux

SCREENS = ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")


def ask(*arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run main.py without a screen and wait for it."""
    return subprocess.run(
        [sys.executable, *options, "main.py", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in SCREENS},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("word", ["rnu", "a.surgery", "Models"])
def test_that_an_unknown_command_is_wrong_usage_and_told_the_known_ones_in_one_sentence(word: str) -> None:
    ended = ask(word, "--model", "x")
    assert (ended.returncode, ended.stdout) == (2, "")
    (sentence,) = ended.stderr.splitlines()
    assert word in sentence
    assert [name for name in (*COMMANDS, *main.WITHOUT_WINDOW) if name not in sentence] == []


def test_that_an_unknown_command_is_told_so_without_the_packages_too() -> None:
    assert ask("rnu", options=("-S",)).returncode == 2


@only_linux
@pytest.mark.parametrize("line", ["--no-such-option", "--size enormous", "--theme dark left-over"])
def test_that_wrong_usage_is_told_before_the_missing_screen(line: str) -> None:
    ended = ask(*line.split())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: main.py")
    assert "screen here" not in ended.stderr


@only_linux
def test_that_right_usage_is_told_of_the_missing_screen() -> None:
    ended = ask("--theme", "dark")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("There is no screen here.")


@pytest.mark.parametrize("line", ["--help", "-h", "help"])
def test_that_help_shows_the_commands_and_the_options_of_the_window_without_a_screen(line: str) -> None:
    ended = ask(*line.split())
    assert (ended.returncode, ended.stderr) == (0, "")
    for name in (*COMMANDS, *main.WITHOUT_WINDOW, "--screenshot", "--theme"):
        assert name in ended.stdout
    assert "SESSION" not in ended.stdout


def test_that_a_call_for_help_among_the_options_needs_no_screen() -> None:
    ended = ask("--theme", "dark", "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "--screenshot" in ended.stdout


def test_that_help_shows_the_commands_without_the_packages_too() -> None:
    ended = ask("--help", options=("-S",))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == main.__doc__
