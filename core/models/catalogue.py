"""Which models there are on this machine, and from a name to a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core import paths
from core.errors import SurgeryError
from core.models.checkpoint import inspect_checkpoint, read_checkpoint, read_config
from core.models.hub import Hub
from core.models.hub_failures import NotAtHand
from core.models.memory import bytes_in

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.progress import Report


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A model on this machine.

    Attributes
    ----------
    name : str
        What `locate_model` takes.
    kind : {"specimen", "hub"}
        Shipped with the application, or in the hub's local cache.
    path : Path
    family : str or None
        The configuration's model_type, if there is one.
    n_parameters, memory_bytes : int or None
        The memory in float32; None where the weights are not whole.
    disk_bytes : int
    supported : bool
        Whether it can be opened.
    remark : str
        Why not.
    """

    name: str
    kind: Literal["specimen", "hub"]
    path: Path
    family: str | None
    n_parameters: int | None
    disk_bytes: int
    memory_bytes: int | None
    supported: bool
    remark: str = ""


def list_models(hub: Hub | None = None) -> tuple[CatalogueEntry, ...]:
    """Return the specimens and the models in the hub's cache, by name; torch is not imported."""
    specimens = [_entry(name, "specimen", folder) for name, folder in _specimens().items()]
    return (*specimens, *_cached_models(hub or Hub()))


def locate_model(name: str, report: Report, cancel: CancelToken, hub: Hub | None = None) -> Path:
    """Return the folder of a model.

    Parameters
    ----------
    name : str
        A specimen's name, a folder, or a hub id, tried in this order.

    Raises
    ------
    SurgeryError
        If there is no such model, or it cannot be had.
    """
    name = name.strip()
    if not name:
        raise SurgeryError("No model was named.", _always_there())
    specimens = _specimens()
    if name in specimens:
        return specimens[name]
    try:
        path = Path(name).expanduser()
        exists = path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long, an unknown ~user, a NUL
        raise SurgeryError(f"{name[:80]!r} is no name of a model.", _always_there()) from error
    if exists:
        return path.absolute()
    if _looks_like_a_path(name):
        raise SurgeryError(f"There is no folder {path}.", "Check the spelling of the path.")
    try:
        return (hub or Hub()).fetch(name, report, cancel)
    except NotAtHand as error:
        raise SurgeryError(error.message, f"{error.hint} {_always_there()}".strip()) from error


def _looks_like_a_path(name: str) -> bool:
    return name.startswith(("~", ".", "/")) or name.endswith("/") or "\\" in name or name.count("/") > 1 or ":" in name


def _always_there() -> str:
    names = ", ".join(_specimens())
    return f"Models that are always there: {names}." if names else ""


def _specimens() -> dict[str, Path]:
    root = paths.specimens()
    folders = sorted(root.iterdir()) if root.is_dir() else []
    return {folder.name: folder for folder in folders if (folder / "config.json").is_file()}


def _cached_models(hub: Hub) -> list[CatalogueEntry]:
    from huggingface_hub import scan_cache_dir

    if not hub.folder.is_dir():
        return []
    entries = []
    for repo in sorted(scan_cache_dir(hub.folder).repos, key=lambda repo: repo.repo_id.lower()):
        # The revision that opening the name would take: the main branch, else the latest.
        revisions = sorted(repo.revisions, key=lambda found: ("main" in found.refs, found.last_modified))
        if repo.repo_type == "model" and revisions:
            entries.append(_entry(repo.repo_id, "hub", Path(revisions[-1].snapshot_path)))
    return entries


def _entry(name: str, kind: Literal["specimen", "hub"], folder: Path) -> CatalogueEntry:
    family: str | None = None
    n_parameters, memory, remark = None, None, ""
    disk = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    try:
        family = str(read_config(folder)["model_type"])
        n_parameters = read_checkpoint(folder).n_parameters
        memory = bytes_in(n_parameters, "float32")
        inspect_checkpoint(folder)
    except SurgeryError as error:
        remark = error.message
    return CatalogueEntry(
        name=name,
        kind=kind,
        path=folder,
        family=family,
        n_parameters=n_parameters,
        disk_bytes=disk,
        memory_bytes=memory,
        supported=not remark,
        remark=remark,
    )
