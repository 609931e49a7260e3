"""Which models there are on this machine, and from a name to a folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core import paths
from core.errors import SurgeryError
from core.models.architectures import ARCHITECTURES
from core.models.checkpoint import inspect_checkpoint, is_described, read_checkpoint, read_config
from core.models.hub import Hub
from core.models.hub_failures import NotAtHand
from core.models.memory import bytes_in
from core.models.weight_files import read_json

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.progress import Report

Kind = Literal["specimen", "hub", "folder"]
TRIED = "This family is not described: it will be tried by structure."


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A model on this machine.

    Attributes
    ----------
    name : str
        What `locate_model` takes.
    kind : {"specimen", "hub", "folder"}
        Shipped with the application, in the hub's local cache, or a folder that was named.
    path : Path
    family : str or None
        The configuration's model_type, if there is one.
    label : str
        The family's name on screen.
    n_parameters, memory_bytes : int or None
        The memory in float32; None where the weights are not whole.
    disk_bytes : int
    supported : bool
        Whether it can be opened.
    detected : bool
        Whether the family is not described, so that the model is tried by its structure.
    present_bytes : int
        How much of the weights is here of a download that was stopped; 0 where none was.
    total_bytes : int or None
        How much all of them are, where the files that are here say so.
    remark : str
        Why not; of a family that is not described, that it will be tried.
    """

    name: str
    kind: Kind
    path: Path
    family: str | None
    n_parameters: int | None
    disk_bytes: int
    memory_bytes: int | None
    supported: bool
    label: str = ""
    detected: bool = False
    present_bytes: int = 0
    total_bytes: int | None = None
    remark: str = ""

    @property
    def started(self) -> bool:
        """Whether a download was begun and not finished."""
        return self.present_bytes > 0


def list_models(hub: Hub | None = None, folders: Iterable[str] = ()) -> tuple[CatalogueEntry, ...]:
    """Return the specimens, the models in the hub's cache, and those in folders; torch is not imported.

    Parameters
    ----------
    folders : iterable of str
        Checkpoint folders to list too; those that are gone are left out.
    """
    specimens = [_entry(name, "specimen", folder) for name, folder in _specimens().items()]
    named = [_entry(folder, "folder", Path(folder)) for folder in folders if Path(folder).is_dir()]
    return (*specimens, *_cached_models(hub or Hub()), *named)


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
            entry = _entry(repo.repo_id, "hub", Path(revisions[-1].snapshot_path))
            entries.append(entry if entry.supported else _begun(entry, Path(repo.repo_path)))
    return entries


def _begun(entry: CatalogueEntry, repo: Path) -> CatalogueEntry:
    """Return the entry of a model that cannot be opened, with what is known of a download under way."""
    partial = [file.stat().st_size for file in (repo / "blobs").glob("*.incomplete")]
    if not partial:
        return entry
    shards = [file for ending in ("safetensors", "bin") for file in entry.path.glob(f"*.{ending}")]
    present = sum(partial) + sum(file.stat().st_size for file in shards)
    total = None
    for index in entry.path.glob("*.index.json"):
        size = read_json(index).get("metadata", {}).get("total_size")
        total = int(size) if isinstance(size, int | float) else None
    return replace(entry, present_bytes=present, total_bytes=total)


def _entry(name: str, kind: Kind, folder: Path) -> CatalogueEntry:
    family, label = None, ""
    n_parameters, memory, remark, detected, disk = None, None, "", False, 0
    try:
        config = read_config(folder)
        disk = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        family = label = str(config["model_type"])
        detected = not is_described(config)
        label = family if detected else ARCHITECTURES[family].of(config).label
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
        label=label,
        n_parameters=n_parameters,
        disk_bytes=disk,
        memory_bytes=memory,
        supported=not remark,
        detected=detected,
        remark=remark or (TRIED if detected else ""),
    )
