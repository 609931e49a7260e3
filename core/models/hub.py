"""Models from the hub: from the local cache if they are there, downloaded otherwise."""

from __future__ import annotations

import shutil
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import SurgeryError
from core.models.checkpoint import has_tokenizer, read_checkpoint, read_config, require_supported
from core.models.hub_failures import failures_in_words
from core.models.hub_files import Wanted, wanted_files
from core.models.hub_transfer import Transfer
from core.models.progress import in_words

if TYPE_CHECKING:
    from core.cancel import CancelToken
    from core.models.progress import Report

REPORT_EVERY = 0.05


def fetch(repo_id: str, report: Report, cancel: CancelToken, revision: str | None = None) -> Path:
    """Return the local folder of a model of the user's hub; see `Hub.fetch`."""
    return Hub().fetch(repo_id, report, cancel, revision)


@dataclass(frozen=True)
class Hub:
    """A hub and the folder that keeps what came from it.

    Attributes
    ----------
    endpoint : str or None
        None for the library's own, which the user can set.
    cache : Path or None
        Likewise.
    """

    endpoint: str | None = None
    cache: Path | None = None

    @property
    def folder(self) -> Path:
        """The cache folder."""
        from huggingface_hub import constants

        return self.cache or Path(constants.HF_HUB_CACHE)

    def cached(self, repo_id: str, revision: str | None = None) -> Path | None:
        """Return the folder of a model if all of it is in the cache; the network is not asked."""
        from huggingface_hub import try_to_load_from_cache

        config = try_to_load_from_cache(repo_id, "config.json", cache_dir=self.folder, revision=revision)
        if not isinstance(config, str):
            return None
        folder = Path(config).parent
        try:
            read_checkpoint(folder)
        except SurgeryError:
            return None
        return folder if has_tokenizer(folder) else None

    def fetch(self, repo_id: str, report: Report, cancel: CancelToken, revision: str | None = None) -> Path:
        """Return the local folder of a model, after downloading what is missing of it.

        Parameters
        ----------
        repo_id : str
            As in ``gpt2`` or ``owner/name``.
        report : callable
            Told how much of all weights is here.
        cancel : CancelToken
            Looked at between two chunks.
        revision : str, optional
            A branch, tag or commit; the main branch if not given.

        Raises
        ------
        SurgeryError
            If there is no such model, it is gated or not supported, the disk is too small, or the
            connection fails.
        Cancelled
            If it was cancelled; what was downloaded is kept.
        """
        with failures_in_words(repo_id, revision):
            _check_name(repo_id)
            if (found := self.cached(repo_id, revision)) is not None:
                return found
            cancel.check()
            _quieten()
            report(f"Looking for {repo_id} on the hub", None)
            wanted = self._listed(repo_id, revision)
            folders = set()
            for name in wanted.small:
                cancel.check()
                report(f"Downloading {name}", None)
                folders.add(self._link(repo_id, name, revision))
                if name == "config.json":  # before gigabytes are fetched in vain
                    require_supported(read_config(next(iter(folders))))
            self._fetch_weights(repo_id, wanted, revision, report, cancel)
            folders |= {self._link(repo_id, name, revision) for name in wanted.weights}
            if len(folders) > 1:
                raise SurgeryError(f"The model {repo_id} was changed while it was downloaded.", "Open it again.")
            return folders.pop()

    def _listed(self, repo_id: str, revision: str | None) -> Wanted:
        from huggingface_hub import HfApi, constants

        timeout = constants.HF_HUB_ETAG_TIMEOUT
        info = HfApi(endpoint=self.endpoint).model_info(repo_id, revision=revision, timeout=timeout)
        return wanted_files(repo_id, (file.rfilename for file in info.siblings or ()))

    def _link(self, repo_id: str, name: str, revision: str | None) -> Path:
        """Have the library bring a file, or find it complete, and return the folder it stands in."""
        from huggingface_hub import hf_hub_download

        path = hf_hub_download(repo_id, name, revision=revision, cache_dir=self.folder, endpoint=self.endpoint)
        return Path(path).parent

    def _fetch_weights(
        self, repo_id: str, wanted: Wanted, revision: str | None, report: Report, cancel: CancelToken
    ) -> None:
        transfers = [self._transfer(repo_id, name, revision) for name in wanted.weights]
        total = sum(transfer.size for transfer in transfers)
        self._check_space(repo_id, total - sum(transfer.present() for transfer in transfers))
        done, told = 0, float("-inf")

        def arrived(n_bytes: int) -> None:
            nonlocal told
            here = done + n_bytes
            if time.monotonic() - told >= REPORT_EVERY or here == total:
                told = time.monotonic()
                report(f"Downloading {repo_id}: {in_words(here)} of {in_words(total)}", here / max(1, total))

        for transfer in transfers:
            arrived(transfer.present())
            transfer.fetch(arrived, cancel)
            done += transfer.size

    def _transfer(self, repo_id: str, name: str, revision: str | None) -> Transfer:
        from huggingface_hub import get_hf_file_metadata, hf_hub_url
        from huggingface_hub.file_download import repo_folder_name
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        url = hf_hub_url(repo_id, name, revision=revision, endpoint=self.endpoint)
        told = get_hf_file_metadata(url, endpoint=self.endpoint)
        if not told.etag or told.size is None:
            raise SurgeryError(f"The hub does not say how large {name} of {repo_id} is.", "Try again later.")
        folder = repo_folder_name(repo_id=repo_id, repo_type="model")
        return Transfer(
            url=url,
            headers=build_hf_headers(),
            blob=self.folder / folder / "blobs" / told.etag,
            lock=self.folder / ".locks" / folder / f"{told.etag}.lock",
            size=told.size,
            etag=told.etag,
            name=name,
        )

    def _check_space(self, repo_id: str, needed: int) -> None:
        folder = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise SurgeryError(
                f"Downloading {repo_id} needs {in_words(needed)}, but only {in_words(free)} are free in {folder}.",
                "Free some space, or set HF_HOME to a folder on another disk.",
            )


def _check_name(repo_id: str) -> None:
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    validate_repo_id(repo_id)


def _quieten() -> None:
    from huggingface_hub.utils import disable_progress_bars, logging  # type: ignore[attr-defined]

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    disable_progress_bars()
    # Said before the download in one sentence, for all files together.
    warnings.filterwarnings("ignore", "Not enough free disk space", UserWarning)
