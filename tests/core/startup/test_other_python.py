"""Going on in another Python when the one that was called is too old or too new."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.startup import other_python
from core.startup.commands import ROOT
from tests.fixtures.skips import only_linux

pytestmark = only_linux

OLDEST, NEWEST = (3, 11), (3, 13)
# Says with which arguments it was called, unless it is only asked for its version.
PRETENDED = '#!/bin/sh\nif [ "$1" = -c ]; then exit {code}; fi\necho "$0" "$@"\n'
# What Python does with main.py, under another version.
UNDER_VERSION = (
    "import runpy, sys; sys.version_info = ({version}, 0, 'final', 0); sys.argv = ['main.py', *sys.argv[1:]]; "
    "runpy.run_path('main.py', run_name='__main__')"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only folder on the path, in a directory with a blank and a letter beyond ASCII."""
    made = tmp_path / "Zoë bin"
    made.mkdir()
    monkeypatch.setenv("PATH", str(made))
    return made


def add_python(folder: Path, version: str, code: int = 0, program: str = PRETENDED) -> str:
    """Put a pretended Python on the path that answers with a code when asked whether it is of its version."""
    made = folder / f"python{version}"
    made.write_text(program.format(code=code))
    made.chmod(0o755)
    return str(made)


def run_main(version: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run main.py as a program in a Python that says it is of another version."""
    code = UNDER_VERSION.format(version=version.replace(".", ", "))
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("version", ["3.6", "3.10", "3.14"])
def test_that_another_python_goes_on_with_the_same_command_line_and_says_so_in_one_line(
    folder: Path, version: str
) -> None:
    other = add_python(folder, "3.12")
    ended = run_main(version, "models", "--x y")
    assert (ended.returncode, ended.stdout) == (0, f"{other} {ROOT / 'main.py'} models --x y\n")
    assert ended.stderr == f"This is Python {version}: going on in {other}.\n"


def test_that_the_exit_code_is_that_of_the_other_python(folder: Path) -> None:
    add_python(folder, "3.13", program='#!/bin/sh\nif [ "$1" = -c ]; then exit 0; fi\nexit 2\n')
    assert run_main("3.10", "rnu").returncode == 2


def test_that_the_newest_that_starts_is_taken(folder: Path) -> None:
    add_python(folder, "3.14")
    add_python(folder, "3.13", code=127)
    wanted = add_python(folder, "3.12")
    add_python(folder, "3.11")
    assert other_python.find(OLDEST, NEWEST) == [wanted]


@pytest.mark.parametrize("program", ["no program", "#!/no/such/program\n"])
def test_that_what_cannot_be_run_is_passed_over(folder: Path, program: str) -> None:
    add_python(folder, "3.13", program=program)
    wanted = add_python(folder, "3.11")
    assert other_python.find(OLDEST, NEWEST) == [wanted]


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_that_without_another_python_one_sentence_says_what_to_install(folder: Path, version: str) -> None:
    add_python(folder, "3.10")
    ended = run_main(version, "start")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"Python 3.11 to 3.13 is needed, this is {version}: install Python 3.13 beside it and run the same command "
        "again.\n"
    )


def test_that_a_python_that_is_not_what_it_said_leads_to_no_endless_loop(folder: Path) -> None:
    # It says that it is 3.13, and runs main.py as 3.10.
    code = UNDER_VERSION.format(version="3, 10")
    liar = f'#!/bin/sh\nif [ "$1" = -c ]; then exit {{code}}; fi\nexec "{sys.executable}" -c "{code}" models\n'
    add_python(folder, "3.13", program=liar)
    ended = run_main("3.10", "models")
    assert ended.returncode == 1
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == [
        "This is Python 3.10",
        "Python 3.11 to 3.13 is needed, this is 3.10",
    ]


def test_that_programs_started_from_the_other_python_may_go_on_in_their_turn() -> None:
    code = (
        f"import main, os; main.main(['help']); assert {other_python.GONE_ON!r} not in os.environ; "
        "import sys; sys.exit(7)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=os.environ | {other_python.GONE_ON: "3.10"}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 7, ended.stderr


def test_that_windows_is_asked_through_its_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("shutil.which", lambda name: f"C:\\{name}.exe")
    monkeypatch.setattr(other_python, "succeeds", lambda command: bool(asked.append(command)) or "-3.12" in command)
    assert other_python.find(OLDEST, NEWEST) == ["C:\\py.exe", "-3.12"]
    assert [command[:3] for command in asked] == [["C:\\py.exe", "-3.13", "-c"], ["C:\\py.exe", "-3.12", "-c"]]


def test_that_where_no_process_can_be_replaced_the_other_python_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    other = add_python(folder, "3.13")
    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setattr(other_python, "find", lambda *_: [other])
    monkeypatch.setenv(other_python.GONE_ON, "")
    assert other_python.go_on("main.py", ["models"], OLDEST, NEWEST) == 0
    assert capfd.readouterr().out == f"{other} main.py models\n"


def test_that_this_python_is_not_left_when_it_will_do(folder: Path) -> None:
    add_python(folder, "3.13")
    ended = run_main("3.12", "rnu")
    assert ended.returncode == 2
    assert "going on" not in ended.stderr
