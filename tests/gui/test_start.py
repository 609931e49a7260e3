"""The window stands before torch is imported, and torch is imported behind it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fixtures.tiny_models import TinyModel

ROOT = Path(__file__).resolve().parents[2]

# Stands in for torch: notes who asks for it, and lets the opening fail.
PROGRAM = """
import sys, threading
from importlib.abc import MetaPathFinder

class Watchman(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "scipy"):
            asked.append((name, threading.current_thread() is threading.main_thread(), seen()))
            raise ImportError("not today")

def seen():
    return bool(made) and made[0].window.isVisible()

asked, made = [], []
sys.meta_path.insert(0, Watchman())
from PySide6.QtWidgets import QApplication
from gui import app
from gui.assembly import assemble
from gui.options import first_session, parser
from gui.settings import Settings
from gui.theme.theme import Theme

application = QApplication(["start"])
options = parser().parse_args(["--model", sys.argv[1]])
made.append(assemble(first_session(options), Theme(), Settings(None)))
made[0].controller.failed.connect(lambda failure, lane: print(failure.message))
made[0].thread.ended.connect(application.quit)
made[0].window.show()
app.start(made[0], options)
application.exec()
made[0].close()
print(asked[0], len([each for each in asked if each[1]]))
"""


def test_that_torch_is_imported_behind_a_window_that_is_there(tiny_gpt2: TinyModel) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tiny_gpt2.folder)],
        capture_output=True, text=True, timeout=60, cwd=ROOT, check=True,
    )  # fmt: skip
    failure, asked = ended.stdout.splitlines()
    assert "not today" in failure
    # Not on the main thread, and only once the window was to be seen.
    assert asked == "('torch', False, True) 0"
