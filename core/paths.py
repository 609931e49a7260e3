"""Where the application keeps what it ships."""

from __future__ import annotations

import sys
from pathlib import Path


def resources() -> Path:
    """Return the folder of shipped resources, in a checkout or in a frozen build."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return root / "resources"


def specimens() -> Path:
    """Return the folder of the embedded models."""
    return resources() / "specimens"
