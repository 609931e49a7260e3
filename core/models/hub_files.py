"""Which files of a hub repository make a checkpoint that this application can open."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import SurgeryError
from core.models.checkpoint import TOKENIZER_FILES, TOKENIZER_SETTINGS

SMALL = {"config.json"} | {name for names in TOKENIZER_FILES for name in names} | set(TOKENIZER_SETTINGS)


@dataclass(frozen=True)
class Wanted:
    """The files to fetch.

    Attributes
    ----------
    small : tuple of str
        Configuration, tokenizer and list of shards; config.json first.
    weights : tuple of str
    """

    small: tuple[str, ...]
    weights: tuple[str, ...]


def wanted_files(repo_id: str, names: Iterable[str]) -> Wanted:
    """Choose from all files of a repository; safetensors before ``.bin``.

    Raises
    ------
    SurgeryError
        If it has no config.json, or no weights that can be read.
    """
    names = set(names)
    if "config.json" not in names:
        raise SurgeryError(
            f"The repository {repo_id} holds no model that can be opened: it has no config.json.",
            "Choose a repository with config.json and model.safetensors.",
        )
    small = ["config.json", *sorted(names & SMALL - {"config.json"})]
    for stem, ending in (("model", ".safetensors"), ("pytorch_model", ".bin")):
        if stem + ending in names:
            return Wanted(tuple(small), (stem + ending,))
        index = f"{stem}{ending}.index.json"
        shards = [name for name in names if re.fullmatch(rf"{stem}-\d+-of-\d+{re.escape(ending)}", name)]
        if index in names and shards:
            return Wanted((*small, index), tuple(sorted(shards)))
    raise SurgeryError(
        f"The repository {repo_id} holds no weights that can be opened here.",
        "Choose one with model.safetensors or pytorch_model.bin.",
    )
