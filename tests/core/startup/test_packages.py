"""Making the environment and installing into it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from core.startup import packages
from core.startup.environment import Environment, this_version
from core.startup.packages import install, reason
from core.startup.problem import Problem
from tests.core.startup.stand_in import StandIn
from tests.fixtures.skips import only_linux

pytestmark = only_linux

TORCH = ["-c", "constraints.txt", "torch"]
REST = ["-c", "constraints.txt", "-e", "."]
WITH_TESTS = ["-c", "constraints.txt", "-e", ".[test]"]


def test_that_torch_is_installed_first_and_alone(stand_in: StandIn) -> None:
    install(Environment(stand_in.root), "")
    assert stand_in.installs == [TORCH, REST]


def test_that_the_torch_index_applies_to_torch_only_and_not_to_what_torch_depends_on(stand_in: StandIn) -> None:
    install(Environment(stand_in.root), "test", "https://example.org/cpu")
    assert stand_in.installs == [
        ["-c", "constraints.txt", "--no-deps", "--index-url", "https://example.org/cpu", "torch"],
        WITH_TESTS,
    ]


def test_that_what_is_there_is_not_installed_again(stand_in: StandIn) -> None:
    environment = Environment(stand_in.root)
    install(environment, "")
    calls = stand_in.calls
    install(environment, "")
    assert stand_in.calls == calls


def test_that_the_test_tools_include_what_the_window_needs_but_not_the_other_way_round(stand_in: StandIn) -> None:
    environment = Environment(stand_in.root)
    install(environment, "")
    install(environment, "test")
    install(environment, "")
    assert stand_in.installs == [TORCH, REST, TORCH, WITH_TESTS]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_that_a_changed_requirement_is_installed(stand_in: StandIn, name: str) -> None:
    environment = Environment(stand_in.root)
    install(environment, "")
    (stand_in.root / name).write_text("another")
    install(environment, "")
    assert stand_in.installs == [TORCH, REST] * 2


def test_that_a_project_that_was_moved_is_installed_again(stand_in: StandIn, tmp_path: Path) -> None:
    install(Environment(stand_in.root), "")
    moved = Environment(stand_in.root.rename(tmp_path / "moved"))
    install(moved, "")
    assert stand_in.installs == [TORCH, REST] * 2


def test_that_an_interrupted_install_leaves_no_stamp(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> list[str]:
        raise KeyboardInterrupt

    environment = Environment(stand_in.root)
    install(environment, "")
    (stand_in.root / "constraints.txt").write_text("another")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(packages, "follow", interrupted)
        install(environment, "")
    assert not environment.stamp.exists()
    install(environment, "")
    assert environment.is_complete("")


def test_that_a_failed_install_leaves_no_stamp_and_all_that_pip_said(stand_in: StandIn) -> None:
    environment = Environment(stand_in.root)
    stand_in.answer("pip", "Collecting torch\nERROR: No matching distribution found for torch==2.13.0", 1)
    with pytest.raises(Problem, match=r"No matching distribution found for torch==2\.13\.0\. Run the same command"):
        install(environment, "")
    assert not environment.stamp.exists()
    assert "Collecting torch" in environment.log.read_text()


def test_that_an_extra_that_fails_leaves_what_was_complete(stand_in: StandIn) -> None:
    environment = Environment(stand_in.root)
    install(environment, "")
    stand_in.answer("pip", "ERROR: No matching distribution found for pytest==9.2.0", 1)
    with pytest.raises(Problem):
        install(environment, "test")
    assert environment.is_complete("")
    assert not environment.is_complete("test")


def test_that_an_extra_that_fails_after_a_changed_requirement_leaves_no_stamp(stand_in: StandIn) -> None:
    environment = Environment(stand_in.root)
    install(environment, "test")
    (stand_in.root / "constraints.txt").write_text("another")
    stand_in.answer("pip", "ERROR: No matching distribution found for torch==2.14.0", 1)
    with pytest.raises(Problem):
        install(environment, "test")
    assert not environment.stamp.exists()


def test_that_an_environment_of_another_python_is_made_anew(stand_in: StandIn) -> None:
    environment = Environment(stand_in.root)
    environment.scripts.mkdir(parents=True)
    environment.python.write_text("#!/bin/sh\necho 3.9\n")
    environment.python.chmod(0o755)
    (environment.folder / "leftover").touch()
    install(environment, "")
    assert stand_in.calls[0] == ["-m", "venv", str(environment.folder)]
    assert not (environment.folder / "leftover").exists()


@pytest.mark.parametrize("content", ["#!/bin/sh\nexit 127\n", "#!/no/such/python\n", "no program"])
def test_that_a_broken_environment_is_made_anew(stand_in: StandIn, content: str) -> None:
    environment = Environment(stand_in.root)
    environment.scripts.mkdir(parents=True)
    environment.python.write_text(content)
    environment.python.chmod(0o755)
    install(environment, "")
    assert environment.works()


def test_that_an_environment_whose_python_is_gone_is_made_anew(stand_in: StandIn, tmp_path: Path) -> None:
    environment = Environment(stand_in.root)
    environment.scripts.mkdir(parents=True)
    environment.python.symlink_to(tmp_path / "uninstalled")
    install(environment, "")
    assert environment.works()


def test_that_a_debian_python_without_ensurepip_names_the_package_to_install(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    with pytest.raises(Problem, match=rf"sudo apt-get install python{this_version()}-venv$"):
        install(Environment(stand_in.root), "")
    assert stand_in.calls == []


def test_that_an_environment_that_cannot_be_made_says_why(stand_in: StandIn) -> None:
    stand_in.answer("venv", "Error: [Errno 13] Permission denied", 1)
    with pytest.raises(Problem, match=r"could not make the environment .*: Error: \[Errno 13\] Permission denied"):
        install(Environment(stand_in.root), "")


def test_that_a_python_which_refuses_pip_is_left_alone(stand_in: StandIn) -> None:
    environment = Environment(stand_in.root)
    install(environment, "test")
    # Everything after the making of the environment is asked of the environment's own Python.
    outside = [call for call in stand_in.calls if call[1] != "pip"]
    assert outside == [["-m", "venv", str(environment.folder)]]
    assert Path(sys.executable).parent != environment.scripts


def test_that_large_downloads_are_shown(stand_in: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    said = (
        "  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (539.0 MB)\n"
        "  Downloading idna-3.20-py3-none-any.whl (66 kB)"
    )
    stand_in.answer("pip", said, 0)
    install(Environment(stand_in.root), "")
    shown = capsys.readouterr().err
    assert "downloading torch-2.13.0 (539.0 MB)" in shown
    assert "idna" not in shown


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("WARNING: Retrying ... NewConnectionError('Temporary failure in name resolution')", "check the network"),
        ("ERROR: No matching distribution found for torch (from versions: none)", "check the network"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: something else.", "pip failed: something else. Run the same command again."),
        ("", "pip failed: it did not say why. Run"),
    ],
)
def test_that_a_failure_of_pip_is_told_in_one_sentence(said: str, sentence: str) -> None:
    assert sentence in reason(said.splitlines())
