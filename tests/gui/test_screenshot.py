"""``main.py --screenshot``: the real window, drawn off-screen, or one sentence and exit code 1."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage

from gui.app import PICTURE_SIZE, main
from gui.theme.palette import PALETTES
from tests.fixtures.tiny_models import TinyModel

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 110


@pytest.fixture
def options(tiny_gpt2: TinyModel, tmp_path: Path) -> list[str]:
    """The options of a screenshot of the tiny model."""
    model = ["--model", str(tiny_gpt2.folder), "--prompt", tiny_gpt2.prompt, "--device", "cpu"]
    return ["--screenshot", str(tmp_path / "window.png"), *model]


def program(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Start the program as a person does, without their settings and their screen."""
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
    del environment["QT_QPA_PLATFORM"]
    line = [sys.executable, str(ROOT / "main.py"), *options]
    return subprocess.run(
        line, capture_output=True, text=True, timeout=PATIENCE, cwd=folder, env=environment, check=False
    )


def share_of(color: str, picture: QImage) -> float:
    """Return the share of a picture, looked at in a net of points, that has just this colour."""
    wanted = QColor(color).rgb()
    points = [(x, y) for x in range(0, picture.width(), 8) for y in range(0, picture.height(), 8)]
    return sum(picture.pixel(x, y) == wanted for x, y in points) / len(points)


def test_that_the_program_draws_the_window_in_the_size_and_theme_that_were_asked_for(
    options: list[str], tmp_path: Path
) -> None:
    ended = program(tmp_path, *options, "--theme", "dark", "--size", "1024x700", "--cut", "L1H2.z@2=silence")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    picture = QImage(str(tmp_path / "window.png"))
    assert (picture.width(), picture.height()) == (1024, 700)
    assert share_of(PALETTES["dark"].surface, picture) > 0.2
    assert share_of(PALETTES["light"].surface, picture) < 0.01
    # The results are in: the cut is on the grid, the curves are drawn.
    for color in (PALETTES["dark"].operation("silence"), PALETTES["dark"].operated):
        assert share_of(color, picture) > 0


def test_that_it_is_light_and_of_the_documented_size_unless_asked_otherwise(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 0
    assert capsys.readouterr().err == ""
    picture = QImage(str(tmp_path / "window.png"))
    assert (picture.width(), picture.height()) == PICTURE_SIZE == (1600, 1000)
    assert share_of(PALETTES["light"].surface, picture) > 0.2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--target", "several words here"), "tokens in this model"),
        (("--model", "./no-such-folder"), "There is no folder"),
        (("--prompt", ""), "The prompt is empty"),
        (("--cut", "L1H2.z@99=silence"), "There is no token 99"),
        (("--cut", "L9H2.z@1=silence"), "There is no layer 9"),
        (("--pair", "cat|mouse"), "does not stand in the prompt"),
        (("--screenshot", "."), "cannot be written"),
    ],
)
def test_that_what_cannot_be_drawn_as_asked_ends_with_1_and_one_sentence(
    options: list[str],
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    said: str,
) -> None:
    assert main([*options, *more]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_that_a_cut_that_cannot_be_read_ends_the_program_with_1_and_one_sentence(
    options: list[str], tmp_path: Path
) -> None:
    ended = program(tmp_path, *options, "--cut", "L1H2.qq@2=silence")
    assert ended.returncode == 1
    assert ended.stderr.startswith("There is no hook point 'qq'. ")
    assert ended.stderr.count("\n") == 1


def test_that_a_folder_that_is_not_there_ends_with_1_before_anything_is_opened(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.app.assemble", None)
    assert main([*options, "--screenshot", str(tmp_path / "missing" / "window.png")]) == 1
    told = capsys.readouterr().err
    assert "does not exist" in told
    assert told.count("\n") == 1


def test_that_wrong_usage_ends_the_program_with_2(options: list[str], tmp_path: Path) -> None:
    assert program(tmp_path, *options, "--theme", "pink").returncode == 2
