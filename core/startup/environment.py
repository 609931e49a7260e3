"""The virtual environment beside main.py: made, judged, and remembered as complete by a stamp."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from core.startup.problem import Problem

DECIDES_WHAT_IS_INSTALLED = ("pyproject.toml", "constraints.txt")
ASK_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def this_version() -> str:
    """Return the running Python's version, such as ``3.11``."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True)
class Environment:
    """The environment of a checkout.

    Attributes
    ----------
    root : Path
        The folder of main.py.
    """

    root: Path

    @property
    def folder(self) -> Path:
        """Where the environment is."""
        return self.root / ".venv"

    @property
    def scripts(self) -> Path:
        """Where its programs are."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def log(self) -> Path:
        """Where the last installation wrote all that pip said."""
        return self.folder / "install.log"

    @property
    def stamp(self) -> Path:
        """The file that says what was installed completely."""
        return self.folder / "circuit-surgeon.stamp"

    def wanted(self) -> str:
        """Return the hash of everything that decides what has to be installed."""
        # The folder decides too: the installed project is a link to it, and it may be moved.
        digest = hashlib.sha256(f"{this_version()} {self.root}".encode())
        for name in DECIDES_WHAT_IS_INSTALLED:
            digest.update((self.root / name).read_bytes())
        return digest.hexdigest()

    def is_complete(self, extra: str) -> bool:
        """Return whether the packages, with an extra (``""`` for none), are already there."""
        if not self.stamp.is_file():
            return False
        digest, _, installed = self.stamp.read_text(encoding="utf-8").partition(" ")
        return digest == self.wanted() and extra in ("", installed)

    def mark_incomplete(self) -> None:
        """Take the stamp away: from here until the end the environment is in pieces."""
        self.stamp.unlink(missing_ok=True)

    def mark_complete(self, extra: str) -> None:
        """Write the stamp."""
        self.stamp.write_text(f"{self.wanted()} {extra}", encoding="utf-8")

    def works(self) -> bool:
        """Return whether there is an environment of this Python's version that starts."""
        if not self.python.exists():
            return False
        try:
            asked = subprocess.run([self.python, "-c", ASK_VERSION], capture_output=True, text=True, check=False)
        except OSError:
            return False
        return asked.returncode == 0 and asked.stdout.strip() == this_version()

    def make(self) -> None:
        """Make the environment anew, in place of one that does not work.

        Raises
        ------
        Problem
            If this Python cannot make one.
        """
        if any(importlib.util.find_spec(part) is None for part in ("venv", "ensurepip")):
            raise Problem(
                "This Python comes without the part that makes virtual environments. "
                f"Run: sudo apt-get install python{this_version()}-venv"
            )
        if self.folder.exists():
            shutil.rmtree(self.folder)
        made = subprocess.run([sys.executable, "-m", "venv", self.folder], capture_output=True, text=True, check=False)
        if made.returncode:
            said = (made.stderr.strip() or made.stdout.strip() or "it did not say why").splitlines()[-1]
            raise Problem(f"Python could not make the environment {self.folder}: {said}")
