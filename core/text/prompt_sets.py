"""Reference prompts: the sets that are shipped, and files of the user's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from core import paths
from core.errors import SurgeryError


@dataclass(frozen=True)
class PromptSet:
    """Prompts that a mean is taken over, or that a resample draws from.

    Attributes
    ----------
    name : str
        Its file's name, without the ending.
    title, help : str
        The name on screen, and one sentence.
    prompts : tuple of str
    """

    name: str
    title: str
    help: str
    prompts: tuple[str, ...]


def prompt_sets() -> dict[str, PromptSet]:
    """Return the shipped sets by name, in the order of their files' names."""
    files = sorted((paths.resources() / "prompts").glob("*.toml"))
    return {file.stem: _read_set(file) for file in files}


def _read_set(file: Path) -> PromptSet:
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    return PromptSet(file.stem, document["title"], document["help"], tuple(document["prompts"]))


def prompts_of(name: str) -> tuple[str, ...]:
    """Return the prompts of a shipped set, or of a text file with one prompt a line.

    Raises
    ------
    SurgeryError
        If there is neither, or the file cannot be read or holds no prompt.
    """
    sets = prompt_sets()
    if name in sets:
        return sets[name].prompts
    try:
        lines = Path(name).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        known = ", ".join(sets)
        raise SurgeryError(
            f"There are no reference prompts {name!r}.", f"Give a file with one prompt a line, or one of {known}."
        ) from error
    except OSError as error:
        reason = error.strerror or "it is no file"
        raise SurgeryError(f"The reference prompts {name!r} cannot be read: {reason}.", "Check the name.") from error
    except ValueError as error:  # bytes that are no text, a NUL in the name
        raise SurgeryError(f"{name!r} is no text file.", "Save it as text in UTF-8, with one prompt a line.") from error
    prompts = tuple(line.strip() for line in lines if line.strip())
    if not prompts:
        raise SurgeryError(f"The file {name!r} holds no prompt.", "Write one prompt a line.")
    return prompts
