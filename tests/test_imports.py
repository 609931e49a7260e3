"""Who imports whom, and what must not be loaded before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from core.startup.checks import LINT_IMPORTS

ROOT = Path(__file__).resolve().parent.parent
LOADED = "import sys, {module}; sys.stdout.write(' '.join(sorted({slow!r} & set(sys.modules))))"
SLOW = {"torch", "transformers", "scipy"}


def run_python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python of its own."""
    return subprocess.run(
        [sys.executable, *options, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_that_the_layers_are_kept() -> None:
    linted = run_python(LINT_IMPORTS)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("module", ["gui.app", "core.command_line", "core.sessions.session"])
def test_that_nothing_slow_is_loaded_before_it_is_needed(module: str) -> None:
    loaded = run_python(LOADED.format(module=module, slow=SLOW))
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout == ""


def test_that_the_start_needs_no_package_at_all() -> None:
    # -I and -S: neither site-packages nor the surroundings; what is left is the standard library.
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import main; sys.exit(main.main(['libraries', '--help']))"
    started = run_python(code, "-I", "-S")
    assert started.returncode == 0, started.stderr
    assert "--tests" in started.stdout


def test_that_the_options_of_the_window_need_no_qt() -> None:
    loaded = run_python(LOADED.format(module="gui.options", slow={"PySide6", "shiboken6", "pyqtgraph"}))
    assert (loaded.returncode, loaded.stdout) == (0, ""), loaded.stderr


@pytest.mark.parametrize(
    "name", ["main.py", "core/__init__.py", "core/startup/__init__.py", "core/startup/other_python.py"]
)
def test_that_a_python_too_old_for_the_project_can_read_what_it_runs(name: str) -> None:
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 6))
