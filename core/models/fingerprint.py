"""A checkpoint's content in twelve digits."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from core.models.checkpoint import TOKENIZER_FILES, TOKENIZER_SETTINGS, Checkpoint
from core.models.weight_files import read_header

SAMPLES, SAMPLE_BYTES = 8, 512
LOCAL_HEADER = 30
Piece = tuple[str, int, int]
"""What a piece of a file holds, and where it begins and stops."""
Stamp = tuple[tuple[str, int, int], ...]
"""Files with their sizes and times of change."""


def fingerprint(checkpoint: Checkpoint) -> str:
    """Return twelve hexadecimal digits that differ between checkpoints of different content.

    Equal digits promise the same configuration and tokenizer, to the byte; tensors of the same
    names, dtypes and shapes; and in every tensor the same bytes at eight places from its first to
    its last, in tensors of up to four kilobytes everywhere. Training moves nearly all numbers of
    the tensors it touches, so a fine-tuned model is told from its base; a few numbers changed by
    hand in a large tensor can go unseen. It takes milliseconds, however large the model is; only
    ``.bin`` files from before torch 1.6 are read from end to end.
    """
    digest = hashlib.blake2b(digest_size=6)
    for file in _read_whole(checkpoint):
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\0".encode() + content)
    for file in checkpoint.weights.files:
        pieces = _tensors(file) if checkpoint.weights.safetensors else _members(file)
        with file.open("rb") as stream:
            for label, begin, stop in pieces:
                digest.update(f"{label} {stop - begin}\0".encode())
                for start, length in _samples(begin, stop):
                    stream.seek(start)
                    digest.update(stream.read(length))
    return digest.hexdigest()


def stamp(checkpoint: Checkpoint) -> Stamp:
    """Return name, size in bytes and time of change in ns of all files that the fingerprint is of; none is read."""
    files = [*_read_whole(checkpoint), *(file for file in checkpoint.weights.files if file.is_file())]
    found = [(file, file.stat()) for file in files]
    return tuple((file.name, state.st_size, state.st_mtime_ns) for file, state in found)


def _read_whole(checkpoint: Checkpoint) -> list[Path]:
    """Return configuration and tokenizer."""
    names = ("config.json", *(name for names in TOKENIZER_FILES for name in names), *TOKENIZER_SETTINGS)
    return [file for name in names if (file := checkpoint.folder / name).is_file()]


def _samples(begin: int, stop: int) -> Iterator[tuple[int, int]]:
    if stop - begin <= SAMPLES * SAMPLE_BYTES:
        yield begin, stop - begin
        return
    for sample in range(SAMPLES):
        yield begin + sample * (stop - begin - SAMPLE_BYTES) // (SAMPLES - 1), SAMPLE_BYTES


def _whole(label: str, begin: int, stop: int) -> Iterator[Piece]:
    """Yield pieces so short that their samples leave nothing out."""
    step = SAMPLES * SAMPLE_BYTES
    yield from ((label, start, min(start + step, stop)) for start in range(begin, stop, step))


def _tensors(file: Path) -> Iterator[Piece]:
    header, rest = read_header(file)
    base = file.stat().st_size - rest
    for name, entry in sorted(header.items()):
        if name != "__metadata__":
            begin, stop = entry["data_offsets"]
            yield json.dumps([name, entry["dtype"], entry["shape"]]), base + begin, base + stop


def _members(file: Path) -> Iterator[Piece]:
    """Yield the parts of a ``.bin`` file: the table of its tensors, then the numbers of each."""
    if not zipfile.is_zipfile(file):  # before torch 1.6: tensors cannot be told apart from outside
        yield from _whole("", 0, file.stat().st_size)
        return
    with zipfile.ZipFile(file) as archive, file.open("rb") as stream:
        for member in archive.infolist():
            _, _, name = member.filename.partition("/")  # the first folder only repeats the name of the file
            stream.seek(member.header_offset + LOCAL_HEADER - 4)
            lengths = stream.read(4)
            begin = member.header_offset + LOCAL_HEADER
            begin += int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
            stop = begin + member.compress_size
            if name == "data.pkl":  # the names, dtypes and shapes, which are read whole
                yield from _whole(name, begin, stop)
            else:  # torch notes a checksum of all bytes
                yield f"{name} {member.CRC}", begin, stop
