"""Unfinished sweeps on disk: written while they run, read to go on."""

from __future__ import annotations

import os
import zipfile
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import SurgeryError
from core.runs.sweep_result import SavedCells

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.sweep_request import SweepRequest
    from core.runs.sweep_result import SweepResult

NAMES = tuple(field.name for field in fields(SavedCells))


def save_cells(result: SweepResult, path: Path) -> None:
    """Write what is done. The file is there as a whole or, after a kill, as it was before.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    kept = {name: value for name in NAMES if (value := getattr(result, name)) is not None}
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")  # another program may be writing the same
    with beside.open("wb") as stream:
        np.savez(stream, digest=np.array(result.request.digest), **kept)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


def saved_cells(request: SweepRequest, path: Path) -> SavedCells | None:
    """Return what is kept of a sweep; None if there is no file.

    Raises
    ------
    SurgeryError
        If it is of another sweep, or cannot be read.
    """
    if not path.exists():
        return None
    try:
        # Opened here: numpy leaves a file that it cannot read open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            found: dict[str, Any] = dict(stored)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SurgeryError(
            f"What is kept of the sweep in {path} cannot be read.", "Leave --resume out to start anew."
        ) from error
    if str(found.get("digest")) != request.digest:
        raise SurgeryError(
            f"What is kept in {path} is of another sweep.",
            "Ask for the same model, prompt, places, readouts and method, or leave --resume out to start anew.",
        )
    kept: dict[str, Any] = {name: found.get(name) for name in NAMES}
    kept |= {name: int(found.get(name, 0)) for name in ("counted", "row_layers")}
    return SavedCells(**kept | {"seconds": float(found["seconds"]), "bf16": bool(found.get("bf16"))})
