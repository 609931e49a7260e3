"""The commands ``start`` and ``test``."""

from __future__ import annotations

import os

import pytest

from core.startup import checks, commands, libraries, packages
from core.startup.environment import Environment
from core.startup.problem import Problem
from tests.core.startup.stand_in import StandIn
from tests.fixtures.skips import only_linux

pytestmark = only_linux


@pytest.fixture
def project(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Give a pretended project that the commands take for their own, on a system that has everything."""
    monkeypatch.setattr(commands, "ROOT", stand_in.root)
    monkeypatch.setattr(libraries, "loads", lambda _: True)
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return stand_in


def test_that_start_opens_the_window_in_the_environment_with_the_other_options(
    project: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr(commands, "replace_process", lambda command: opened.append(command) or 0)
    monkeypatch.setenv("DISPLAY", ":0")
    assert commands.start(["--size", "960x600", "--torch-index", "https://example.org", "--theme", "dark"]) == 0
    python = Environment(project.root).python
    assert opened == [[str(python), str(project.root / "main.py"), "--size", "960x600", "--theme", "dark"]]
    assert project.installs[0][-2:] == ["https://example.org", "torch"]


def test_that_a_screenshot_needs_no_screen_to_start(project: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr(commands, "replace_process", lambda command: opened.append(command) or 0)
    assert commands.start(["--screenshot", "a.png"]) == 0
    assert opened[0][2:] == ["--screenshot", "a.png"]


def test_that_nothing_is_downloaded_where_no_window_can_open(project: StandIn) -> None:
    with pytest.raises(Problem, match="no screen"):
        commands.start([])
    assert project.calls == []


def test_that_once_set_up_the_window_judges_its_command_line_before_the_screen(
    project: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[list[str]] = []
    monkeypatch.setattr(commands, "replace_process", lambda command: opened.append(command) or 0)
    packages.install(Environment(project.root), "")
    assert commands.start(["--screensho", "a.png"]) == 0
    assert opened[0][2:] == ["--screensho", "a.png"]


def test_that_a_word_is_no_option_of_the_window_and_downloads_nothing(
    project: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.start(["rnu", "--model", "M"])
    assert ended.value.code == 2
    assert "'rnu'" in capsys.readouterr().err
    assert project.calls == []


def test_that_nothing_is_downloaded_where_qt_would_abort(project: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "loads", lambda _: False)
    with pytest.raises(Problem, match="libgl1"):
        commands.test([])
    assert project.calls == []


def run_modules(project: StandIn) -> list[str]:
    """Return the modules that were run in the environment, pip apart."""
    return [call[1] for call in project.calls if call[1] not in ("pip", "venv")]


def pretend_lint_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let lint-imports be content at once: the stand-in executes real code."""
    monkeypatch.setattr(checks, "LINT_IMPORTS", "")


def test_that_test_runs_every_check_and_the_tests_last(project: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_lint_imports(monkeypatch)
    assert commands.test([]) == 0
    assert run_modules(project) == ["ruff", "ruff", "mypy", "pytest"]


def test_that_arguments_are_for_pytest_alone(project: StandIn) -> None:
    assert commands.test(["-k", "house"]) == 0
    assert project.calls[-1] == ["-m", "pytest", "-k", "house"]
    assert run_modules(project) == ["pytest"]


def test_that_every_check_is_run_and_the_failed_ones_are_named(
    project: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend_lint_imports(monkeypatch)
    packages.install(Environment(project.root), "test")
    project.answer("mypy", "error", 1)
    assert commands.test([]) == 1
    assert run_modules(project)[-1] == "pytest"
    assert capsys.readouterr().err.splitlines()[-1] == "Failed: mypy"


def test_that_the_process_becomes_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    def become(program: str, command: list[str]) -> None:
        raise SystemExit(f"{program}: {command}")

    monkeypatch.setattr(os, "execv", become)
    with pytest.raises(SystemExit, match=r"^python: \['python', 'main.py'\]$"):
        commands.replace_process(["python", "main.py"])
