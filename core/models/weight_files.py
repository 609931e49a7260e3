"""The weight files of a checkpoint folder: which there are, whether they are whole, what they hold."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import SurgeryError

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_HEADER = 100_000_000
LFS_POINTER = b"version https://git-lfs"
FETCH_AGAIN = "Delete the file and download the model again."


@dataclass(frozen=True)
class Weights:
    """The weight files of one checkpoint.

    Attributes
    ----------
    files : tuple of Path
    safetensors : bool
        False for the older ``.bin`` files, which are pickles.
    n_parameters : int or None
        Numbers that are weights; None where only loading can tell (``.bin``).
    names : frozenset of str or None
        Of all tensors; None for ``.bin``.
    """

    files: tuple[Path, ...]
    safetensors: bool
    n_parameters: int | None
    names: frozenset[str] | None

    @property
    def n_bytes(self) -> int:
        """Size of all files together."""
        return sum(file.stat().st_size for file in self.files)


def find_weights(folder: Path) -> Weights:
    """Return a folder's weights, safetensors before ``.bin``, after checking that every file is whole.

    Raises
    ------
    SurgeryError
        If there are none, or a file is missing, truncated or corrupted.
    """
    for stem, ending in (("model", ".safetensors"), ("pytorch_model", ".bin")):
        single, index = folder / (stem + ending), folder / f"{stem}{ending}.index.json"
        if single.exists() or index.exists():
            files = (single,) if single.exists() else _shards(index)
            if ending == ".safetensors":
                names = frozenset[str]().union(*map(tensor_names, files))
                return Weights(files, True, sum(count_parameters(file) for file in files), names)
            for file in files:
                _check_bin(file)
            return Weights(files, False, None, None)
    if any(folder.glob("*.gguf")):
        raise SurgeryError(f"The folder {folder} holds GGUF weights only.", "Get the model as safetensors.")
    hint = "Get model.safetensors, or all its parts with model.safetensors.index.json."
    raise SurgeryError(f"The folder {folder} has a config.json but no weights.", hint)


def _shards(index: Path) -> tuple[Path, ...]:
    weight_map = read_json(index).get("weight_map")
    names = set(weight_map.values()) if isinstance(weight_map, dict) else set()
    # A name with a folder in it would reach outside the checkpoint.
    if not names or not all(isinstance(name, str) and name and "/" not in name and "\\" not in name for name in names):
        raise SurgeryError(f"The file {index} does not list the parts of the weights.", FETCH_AGAIN)
    files = tuple(index.parent / name for name in sorted(names))
    missing = [file.name for file in files if not file.exists()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise SurgeryError(
            f"The weights in {index.parent} are incomplete: {missing[0]}{more} is missing.",
            "Download the model again; what is there already is kept.",
        )
    return files


def count_parameters(file: Path) -> int:
    """Return how many weights a safetensors file holds, from its header alone.

    Integers and tensors of four dimensions are left out: in language models these are position
    tables and attention masks that older versions saved along with the weights.

    Raises
    ------
    SurgeryError
        If the file is truncated or corrupted.
    """
    header, rest = read_header(file)
    count, end = 0, 0
    try:
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            shape, (begin, stop) = entry["shape"], entry["data_offsets"]
            if not 0 <= begin <= stop:
                raise ValueError
            end = max(end, stop)
            if "F" in entry["dtype"] and len(shape) < 4:
                count += math.prod(shape)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SurgeryError(
            f"The file {file} is corrupted: its table of tensors makes no sense.", FETCH_AGAIN
        ) from error
    if end > rest:
        raise SurgeryError(
            f"The file {file} is truncated: {rest:,} bytes of weights are there, {end:,} should be.", FETCH_AGAIN
        )
    if end < rest or not count:
        raise SurgeryError(f"The file {file} is corrupted: its size does not fit its table of tensors.", FETCH_AGAIN)
    return count


def tensor_names(file: Path) -> set[str]:
    """Return the names of the tensors in a safetensors file.

    Raises
    ------
    SurgeryError
        If its header is truncated or corrupted.
    """
    return set(read_header(file)[0]) - {"__metadata__"}


def read_header(file: Path) -> tuple[dict[str, Any], int]:
    """Return the header of a safetensors file and the number of bytes after it.

    Raises
    ------
    SurgeryError
        If the file is truncated or corrupted.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            _check_start(file, start + stream.read(32))
            length = int.from_bytes(start, "little")
            if not 2 <= length <= LONGEST_HEADER:
                raise SurgeryError(f"The file {file} is corrupted: it is no safetensors file.", FETCH_AGAIN)
            if size < 8 + length:
                raise SurgeryError(f"The file {file} is truncated: even its table of tensors is cut off.", FETCH_AGAIN)
            stream.seek(8)
            header = json.loads(stream.read(length))
    except OSError as error:
        raise SurgeryError(f"The file {file} cannot be read: {error.strerror}.", "Check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise SurgeryError(f"The file {file} is corrupted: its table of tensors is no JSON.", FETCH_AGAIN) from error
    if not isinstance(header, dict):
        raise SurgeryError(f"The file {file} is corrupted: its table of tensors is no table.", FETCH_AGAIN)
    return header, size - 8 - length


def _check_start(file: Path, start: bytes) -> None:
    if not start:
        raise SurgeryError(f"The file {file} is empty.", FETCH_AGAIN)
    if start.startswith(LFS_POINTER):
        raise SurgeryError(
            f"The file {file} is only a pointer to the weights (Git LFS), not the weights.",
            "Run `git lfs pull` in that folder, or open the model by its hub id.",
        )
    if len(start) < 8:
        raise SurgeryError(f"The file {file} is truncated: it is {len(start)} bytes long.", FETCH_AGAIN)


def _check_bin(file: Path) -> None:
    try:
        with file.open("rb") as stream:
            start = stream.read(32)
    except OSError as error:
        raise SurgeryError(f"The file {file} cannot be read: {error.strerror}.", "Check its permissions.") from error
    _check_start(file, start)
    if start.startswith(b"PK"):
        # The zip's directory stands at its end, so a cut-off file is no zip any more.
        if not zipfile.is_zipfile(file):
            raise SurgeryError(f"The file {file} is truncated.", FETCH_AGAIN)
    elif not start.startswith(b"\x80"):
        raise SurgeryError(f"The file {file} is corrupted: it holds no torch weights.", FETCH_AGAIN)


def read_json(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises
    ------
    SurgeryError
        If it cannot be read or is not one.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SurgeryError(f"The file {file} cannot be read: {error.strerror}.", "Check its permissions.") from error
    except (ValueError, RecursionError) as error:
        raise SurgeryError(f"The file {file} is broken: it is no valid JSON.", FETCH_AGAIN) from error
    if not isinstance(content, dict):
        raise SurgeryError(f"The file {file} is broken: it is no JSON object.", FETCH_AGAIN)
    return content
