"""System libraries and the screen, judged before Qt is imported."""

from __future__ import annotations

import sys

import pytest

from core.startup import commands, libraries, screen
from core.startup.problem import Problem


@pytest.fixture(autouse=True)
def _bare_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend a Linux on which nothing of a table is there."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(libraries, "loads", lambda _: False)
    monkeypatch.setattr(libraries, "is_program", lambda _: False)


def all_but(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Pretend that everything is there except these."""
    monkeypatch.setattr(libraries, "loads", lambda name: name not in names)
    monkeypatch.setattr(libraries, "is_program", lambda name: name not in names)


def test_that_a_bare_system_is_told_every_package_that_a_window_needs() -> None:
    with pytest.raises(Problem) as told:
        libraries.require("xcb")
    assert (
        "sudo apt-get install --no-install-recommends libglib2.0-0 libgl1 libegl1 libxkbcommon0 libdbus-1-3 "
        "libfontconfig1 libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0\n"
    ) in str(told.value)
    assert "dnf or pacman" in str(told.value)


def test_that_exactly_the_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    all_but(monkeypatch, "libGL.so.1", "libxcb-icccm.so.4")
    assert libraries.missing_for("xcb") == ["libgl1", "libxcb-icccm4"]
    assert libraries.missing_for("offscreen") == ["libgl1"]
    assert libraries.missing_for("wayland") == ["libgl1"]


def test_that_other_systems_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    libraries.require("xcb")
    screen.prepare([], {})
    assert libraries.missing_for_tests() == []


def test_that_the_command_names_what_is_missing_and_says_so_in_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    all_but(monkeypatch, "libEGL.so.1", "Xvfb")
    assert commands.show_libraries([]) == 1
    assert capsys.readouterr().out == "sudo apt-get install --no-install-recommends libegl1\n"
    assert commands.show_libraries(["--tests"]) == 1
    assert capsys.readouterr().out == "sudo apt-get install --no-install-recommends libegl1 xvfb\n"
    all_but(monkeypatch)
    assert commands.show_libraries(["--tests"]) == 0
    assert capsys.readouterr().out == "Nothing is missing.\n"


@pytest.mark.parametrize(
    ("environment", "platform"),
    [
        ({}, None),
        ({"DISPLAY": ":0"}, "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "wayland"),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "xcb:nograb;wayland"}, "xcb"),
    ],
)
def test_that_the_platform_is_the_one_qt_will_take(environment: dict[str, str], platform: str | None) -> None:
    assert screen.platform_of(environment) == platform


def test_that_a_machine_without_a_screen_is_told_of_the_screenshot() -> None:
    with pytest.raises(Problem, match=r"There is no screen here\. .*--screenshot"):
        screen.prepare(["--theme", "dark"], {})


@pytest.mark.parametrize("arguments", [["--screenshot", "a.png"], ["--theme", "dark", "--screenshot=a.png"]])
def test_that_a_screenshot_is_drawn_offscreen_whatever_the_screen(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    all_but(monkeypatch, *libraries.FOR_X11)
    environment = {"DISPLAY": ":0"}
    screen.prepare(arguments, environment)
    assert environment["QT_QPA_PLATFORM"] == "offscreen"


def test_that_a_library_that_does_not_exist_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert not libraries.loads("libno-such-library.so.0")
