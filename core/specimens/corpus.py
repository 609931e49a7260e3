"""Training text: reading a folder of text files into documents, split for validation."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import SurgeryError

SEPARATOR = "<|endoftext|>"
SENTENCES_PER_DOCUMENT = 12
VALIDATION_EVERY = 100


@dataclass(frozen=True)
class Corpus:
    """Documents split for training and validation.

    Attributes
    ----------
    train, validation : tuple of str
        Whole documents; every hundredth document of each file is held out.
    sources : tuple of str
        Names of the files that were read, without their endings.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    sources: tuple[str, ...]


def documents(path: Path) -> Iterator[str]:
    """Yield the documents of a text file, plain or xz-compressed.

    Documents stand between lines that hold ``<|endoftext|>`` alone. A file without such a line
    is a list of sentences and is cut into groups of twelve.
    """
    content = path.read_bytes()
    text = (lzma.decompress(content) if path.suffix == ".xz" else content).decode("utf-8")
    if SEPARATOR in text:
        pieces = text.split(SEPARATOR)
    else:
        lines = [line for line in text.splitlines() if line.strip()]
        groups = range(0, len(lines), SENTENCES_PER_DOCUMENT)
        pieces = ["\n".join(lines[at : at + SENTENCES_PER_DOCUMENT]) for at in groups]
    for piece in pieces:
        if piece.strip():
            yield piece.strip()


def read_corpus(folder: Path, weights: dict[str, int]) -> Corpus:
    """Read the text files of ``folder`` that ``weights`` names.

    Parameters
    ----------
    folder : Path
        Where ``NAME.txt`` or ``NAME.txt.xz`` stand.
    weights : dict of str to int
        How often each file's training documents are repeated.

    Raises
    ------
    SurgeryError
        If the folder holds none of the named files.
    """
    train: list[str] = []
    validation: list[str] = []
    sources: list[str] = []
    for name, weight in weights.items():
        found = [p for p in (folder / f"{name}.txt.xz", folder / f"{name}.txt") if p.is_file()]
        if not found:
            continue
        sources.append(name)
        kept: list[str] = []
        for number, document in enumerate(documents(found[0])):
            (validation if number % VALIDATION_EVERY == 0 else kept).append(document)
        train += kept * weight
    if not train:
        raise SurgeryError(
            f"There is no training text in {folder}.",
            f"Put at least one of these files there: {', '.join(weights)} (.txt or .txt.xz).",
        )
    return Corpus(tuple(train), tuple(validation), tuple(sources))
