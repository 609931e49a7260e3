"""What the model dialog says of each model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.models.memory import bytes_in
from core.models.progress import in_words
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from core.models.catalogue import CatalogueEntry
    from core.models.devices import Device
    from core.runs.events import ModelsHeld

KINDS = {"specimen": "Embedded", "hub": "Downloaded", "folder": "Folders opened before"}
FOUND = "Not in the list"
MEMORY = {"open": "It is open.", "in memory": "It is in memory already and opens at once."}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a model would go.

    Attributes
    ----------
    device : Device or None
        None while it is not known what this machine has.
    dtype : str
    held : ModelsHeld or None
    """

    device: Device | None
    dtype: str
    held: ModelsHeld | None


def parameters(entry: CatalogueEntry) -> str:
    """Return how many parameters a model has."""
    if entry.n_parameters is None:
        return ""
    millions = entry.n_parameters / 1e6
    return (
        f"{millions / 1e3:.1f} B"
        if millions >= 1e3
        else f"{millions:,.0f} M"
        if millions >= 10
        else f"{millions:.1f} M"
    )


def memory(entry: CatalogueEntry, dtype: str) -> str:
    """Return how much memory a model needs in a dtype."""
    return "" if entry.n_parameters is None else in_words(bytes_in(entry.n_parameters, dtype))


def state(entry: CatalogueEntry, place: Place) -> str:
    """Return in a few words whether a model can be opened now."""
    if entry.started:
        return download(entry)
    if not entry.supported:
        return "cannot be opened"
    mine = [model for model in (place.held.models if place.held else ()) if model.name == entry.name]
    if any(model.is_open for model in mine if model.dtype == place.dtype):
        return "open"
    if any(model.dtype == place.dtype for model in mine):
        return "in memory"
    return fit(entry, place)


def fit(entry: CatalogueEntry, place: Place) -> str:
    """Return whether there is memory for a model."""
    if entry.n_parameters is None or place.device is None or place.device.why_not:
        return ""
    needed, free = bytes_in(entry.n_parameters, place.dtype), place.device.free_bytes
    if needed <= free:
        return "fits"
    held = sum(model.memory_bytes for model in (place.held.models if place.held else ()))
    return "fits if others are let go" if needed <= free + held else f"too large, {in_words(free)} free"


def download(entry: CatalogueEntry) -> str:
    """Return how far a download came that was stopped."""
    if entry.total_bytes:
        return f"{entry.present_bytes / entry.total_bytes:.0%} of {in_words(entry.total_bytes)} are here"
    return f"{in_words(entry.present_bytes)} of it are here"


def details(entry: CatalogueEntry, place: Place) -> str:
    """Return in sentences what becomes of a model that is opened."""
    if entry.started:
        return f"The download was stopped: {download(entry)}. It goes on where it stopped."
    if not entry.supported:
        return entry.remark
    sentences = [
        f"Family {entry.label}: "
        + ("tried by its structure, and refused if its self-check fails." if entry.detected else "supported.")
    ]
    words = state(entry, place)
    if words in MEMORY:
        return f"{sentences[0]} {MEMORY[words]}"
    if place.device is not None and entry.n_parameters is not None and words:
        needed, free = memory(entry, place.dtype), in_words(place.device.free_bytes)
        sentences.append(
            f"It needs {needed} in {place.dtype}, and {free} are free: it {words.split(',')[0].replace('too large', 'is too large')}."
        )
    return " ".join(sentences)


def button(entry: CatalogueEntry | None, typed: str) -> str:
    """Return what the button that opens says."""
    if entry is None:
        return "Open" if not typed or is_folder(typed) else "Download and open"
    return "Continue the download" if entry.started else "Open"


def is_folder(text: str) -> bool:
    """Return whether a text names a folder, there or not, and no model of the hub."""
    return text.startswith(("/", "~", ".", "\\")) or ":" in text or Path(text).is_dir()


def offer(text: str) -> str:
    """Return what a text that is in no list would open."""
    return f"the folder {short_name(text)}" if is_folder(text) else f"{text}, from the hub"


def matches(entry: CatalogueEntry, text: str) -> bool:
    """Return whether a model is meant by a text: every word occurs in its name or family."""
    there = f"{entry.name} {entry.family or ''} {entry.label}".lower()
    return all(word in there for word in text.lower().split())
