"""The one way in: who answers which command line."""

from __future__ import annotations

import os
import sys
from types import ModuleType

import pytest

import main
from core.startup import commands, readiness

EVERYTHING = readiness.FOR_WINDOW


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Put listeners in the place of everyone who answers, and collect what they are asked."""
    asked: list[tuple[str, list[str]]] = []

    def listener(name: str, code: int) -> ModuleType:
        module = ModuleType(name)
        module.main = lambda arguments: asked.append((name, arguments)) or code  # type: ignore[attr-defined]
        return module

    for name, code in (("gui.app", 3), ("core.command_line", 4)):
        monkeypatch.setitem(sys.modules, name, listener(name, code))
    monkeypatch.setitem(commands.COMMANDS, "start", lambda rest: asked.append(("start", list(rest))) or 5)
    return asked


@pytest.mark.parametrize(
    ("line", "who", "code"),
    [
        ("", "gui.app", 3),
        ("--model M --lesson one --theme dark", "gui.app", 3),
        ("--screenshot out.png", "gui.app", 3),
        ("run --model M --prompt P", "core.command_line", 4),
        ("check --model M", "core.command_line", 4),
        ("models", "core.command_line", 4),
    ],
)
def test_that_each_command_line_reaches_whoever_answers_it(
    answered: list[tuple[str, list[str]]], line: str, who: str, code: int
) -> None:
    assert main.main(line.split()) == code
    assert answered == [(who, line.split())]


def test_that_the_commands_of_the_start_get_the_rest(answered: list[tuple[str, list[str]]]) -> None:
    assert main.main(["start", "--theme", "dark"]) == 5
    assert answered == [("start", ["--theme", "dark"])]


@pytest.mark.parametrize(("version", "said"), [((3, 9), "3.9"), ((3, 14), "3.14"), ((2, 7), "2.7")])
def test_that_another_python_is_told_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], version: tuple[int, int], said: str
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    assert main.main(["start"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith(f"Python 3.11 to 3.13 is needed, this is {said}: install Python 3.13")


@pytest.mark.parametrize("line", ["", "run --model M", "--screenshot a.png"])
def test_that_a_python_without_the_packages_is_told_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    monkeypatch.setattr(readiness, "missing", lambda _: ["torch"])
    assert main.main(line.split()) == 1
    assert capsys.readouterr().err == "Circuit Surgeon is not set up in this Python. Run: python3 main.py start\n"


def test_that_a_run_needs_no_window(monkeypatch: pytest.MonkeyPatch, answered: list[tuple[str, list[str]]]) -> None:
    monkeypatch.setattr(readiness, "missing", lambda names: [name for name in names if name == "PySide6"])
    assert main.main(["models"]) == 4
    assert main.main([]) == 1


def test_that_packages_are_looked_for_and_not_imported() -> None:
    assert readiness.missing(["no_such_package", "sys", "antigravity"]) == ["no_such_package"]
    assert "antigravity" not in sys.modules


def test_that_an_interrupt_ends_with_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(commands.COMMANDS, "start", interrupted)
    assert main.main(["start"]) == 130


def test_that_a_screenshot_is_settled_before_the_window_is_imported(
    monkeypatch: pytest.MonkeyPatch, answered: list[tuple[str, list[str]]]
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert main.main(["--screenshot", "a.png"]) == 3
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"


def test_that_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in (*commands.COMMANDS, *main.WITHOUT_WINDOW):
        assert f"main.py {command}" in shown
