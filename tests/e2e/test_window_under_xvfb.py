"""The real window on a virtual screen, driven by real mouse and key events from another program."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("Xvfb", "xdotool", "openbox")
PATIENCE = 60

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="not Linux"),
    pytest.mark.skipif(
        not os.environ.get("CI") and not all(shutil.which(name) for name in PROGRAMS), reason="no Xvfb outside CI"
    ),
    pytest.mark.timeout(240),
]


class Screen:
    """A virtual screen with a window manager, and a hand on its mouse and keyboard."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1440x960x24", "-nolisten", "tcp"],
            pass_fds=(write,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as stream:
            number = stream.readline().strip()
        self.environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        self._manager = subprocess.Popen(
            ["openbox"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def do(self, *words: object) -> None:
        """Move, press and type as xdotool says."""
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True, timeout=PATIENCE)

    def click(self, at: list[int], *keys: str) -> None:
        """Click somewhere, with keys held down."""
        held = [word for key in keys for word in ("keydown", key)]
        freed = [word for key in keys for word in ("keyup", key)]
        self.do("mousemove", "--sync", at[0], at[1], *held, "click", 1, *freed)

    def drag(self, start: list[int], end: list[int], steps: int = 8) -> None:
        """Press somewhere, move, and let go somewhere else."""
        self.do("mousemove", "--sync", start[0], start[1], "mousedown", 1)
        for step in range(1, steps + 1):
            x, y = (round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True))
            self.do("mousemove", "--sync", x, y)
        self.do("mouseup", 1)

    def close(self) -> None:
        """Switch the screen off."""
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(timeout=PATIENCE)


class Window:
    """The application as another process, and what it says."""

    def __init__(self, screen: Screen, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.reporting_window", *arguments],
            cwd=ROOT,
            env=screen.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def wait(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first event of which something holds."""
        while True:
            event: dict[str, Any] = json.loads(self._lines.get(timeout=PATIENCE))
            assert event["event"] != "failed", event
            if holds(event):
                return event

    def result(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first result of which something holds."""
        return self.wait(lambda event: event["event"] == "result" and holds(event))

    def end(self) -> int:
        """Wait until the program has ended and return its exit code."""
        code = self._process.wait(timeout=PATIENCE)
        self._reader.join(timeout=PATIENCE)
        return code

    def kill(self) -> None:
        """End the program whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
        self.end()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def screen() -> Iterator[Screen]:
    """A virtual screen."""
    made = Screen()
    yield made
    made.close()


@pytest.fixture
def window(screen: Screen) -> Iterator[Window]:
    """The application on the virtual screen, with the embedded model."""
    made = Window(screen)
    yield made
    made.kill()


def test_that_a_person_can_cut_dose_undo_type_and_leave(screen: Screen, window: Window) -> None:
    window.wait(lambda event: event["event"] == "shown")
    first = window.result(lambda event: True)
    assert first["plan"] == []
    assert first["effect"] == 0.0
    where = first["places"]

    # A head is silenced at the chosen token, and the prediction moves.
    screen.click(where["L2H3.z"])
    cut = window.result(lambda event: len(event["plan"]) == 1)
    assert cut["plan"] == ["L2H3.z@9=silence"]
    assert cut["effect"] != 0.0

    # Other tokens are chosen with the mouse, noise with the mouse, and an MLP is cut there.
    screen.click(where["token 3"])
    screen.click(where["token 5"], "ctrl")
    screen.click(where["operation noise"])
    screen.click(where["L3.mlp_out"])
    noisy = window.result(lambda event: len(event["plan"]) == 2)
    assert noisy["plan"][1].startswith("L3.mlp_out@3,5=noise(")

    # Its dose is dragged: the curves follow, and the drag is one step to undo.
    x, y, width, height = noisy["places"]["field sigma"]
    screen.drag([x + width // 3, y + height // 2], [x + width // 2, y + height // 2])
    dosed = window.result(lambda event: event["plan"][1] != noisy["plan"][1])
    assert dosed["effect"] != noisy["effect"]
    screen.do("key", "ctrl+z")
    undone = window.result(lambda event: event["plan"] == noisy["plan"])
    assert undone["effect"] == noisy["effect"]
    screen.do("key", "ctrl+z")
    window.result(lambda event: event["plan"] == cut["plan"])
    screen.do("key", "ctrl+shift+z")
    window.result(lambda event: event["plan"] == noisy["plan"])

    # Two tokens are paired with the keyboard and the mouse.
    screen.click(where["token 1"])
    screen.do("key", "p")
    screen.click(where["token 2"])
    screen.click(where["token 7"])
    paired = window.result(lambda event: ["2", "7"] in event["pairs"])
    screen.do("key", "Escape")

    # Another prompt is typed.
    screen.click(paired["places"]["prompt"])
    screen.do("key", "ctrl+a")
    screen.do("type", "--delay", 15, "The dog ran to the house and saw a big cat")
    typed = window.result(lambda event: event["prompt"] == "The dog ran to the house and saw a big cat")
    assert [cut.split("=")[0] for cut in typed["plan"]] == ["L2H3.z@10", "L3.mlp_out@3,5"]
    assert typed["log_prob"] != noisy["log_prob"]

    # All cuts are cleared from the keyboard, and the window is left.
    screen.do("key", "ctrl+BackSpace")
    cleared = window.result(lambda event: event["plan"] == [])
    assert cleared["effect"] == 0.0
    screen.do("key", "ctrl+q")
    assert window.wait(lambda event: event["event"] == "closed")["code"] == 0
    assert window.end() == 0
