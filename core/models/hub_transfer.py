"""Fetching one large file so that it can be stopped at any time and goes on where it stopped."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import Cancelled, SurgeryError
from core.models.hub_failures import GO_ON, is_network
from core.models.progress import in_words

if TYPE_CHECKING:
    from pathlib import Path

    from core.cancel import CancelToken

ATTEMPTS = 4
PAUSE = 1.0


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One file on its way from the hub into the local cache.

    Attributes
    ----------
    url : str
    headers : dict
        Who asks, and the user's token if there is one.
    blob : Path
        Where the library keeps the file once it is complete.
    lock : Path
        The library's lock for it.
    size : int
        What the hub says it is.
    etag : str
        The sha256 of large files.
    name : str
        For messages.
    """

    url: str
    headers: dict[str, str]
    blob: Path
    lock: Path
    size: int
    etag: str
    name: str

    @property
    def partial(self) -> Path:
        """What has arrived so far."""
        return self.blob.with_name(self.blob.name + ".incomplete")

    def present(self) -> int:
        """Return how many bytes have arrived so far."""
        for path in (self.blob, self.partial):
            if path.is_file():
                return min(path.stat().st_size, self.size)
        return 0

    def fetch(self, arrived: Callable[[int], None], cancel: CancelToken) -> None:
        """Bring what is missing, trying again when the connection drops.

        Parameters
        ----------
        arrived : callable
            Told after every chunk how many bytes of the file are here.

        Raises
        ------
        SurgeryError
            If the connection stays down, or what arrived is not what was sent.
        Cancelled
            If it was cancelled; what arrived is kept.
        """
        self.blob.parent.mkdir(parents=True, exist_ok=True)
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            self._wait_for_lock(held, cancel)
            if self.blob.is_file():
                return
            attempts, before = ATTEMPTS, self.present()
            while self.present() < self.size or not self.partial.exists():
                try:
                    self._stream(arrived, cancel)
                except (Cancelled, SurgeryError):
                    raise
                except Exception as error:
                    if not is_network(error):
                        raise
                    attempts = ATTEMPTS if self.present() > before else attempts - 1
                    before = self.present()
                    if not attempts:
                        raise self._lost() from error
                    self._pause(cancel)
            self._verify(cancel)
            self.partial.replace(self.blob)

    def _stream(self, arrived: Callable[[int], None], cancel: CancelToken) -> None:
        from huggingface_hub import constants, get_session
        from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

        here = self.partial.stat().st_size if self.partial.exists() else 0
        if here > self.size:
            self.partial.unlink()
            here = 0
        headers = self.headers | {"Accept-Encoding": "identity"}
        if here:
            headers["Range"] = f"bytes={here}-"
        timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
        with get_session().stream("GET", self.url, headers=headers, timeout=timeout) as response:
            hf_raise_for_status(response)
            # 200 instead of 206: the server sends everything again.
            with self.partial.open("ab" if response.status_code == 206 else "wb") as stream:
                # As it comes in: chunks of a fixed size would lose what was gathered when the line drops.
                for chunk in response.iter_bytes():
                    cancel.check()
                    stream.write(chunk)
                    arrived(stream.tell())
        if self.present() < self.size:
            raise ConnectionError(f"{self.name} ended early")

    def _wait_for_lock(self, held: ExitStack, cancel: CancelToken) -> None:
        from filelock import Timeout
        from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

        while True:
            cancel.check()
            try:
                held.enter_context(WeakFileLock(self.lock, timeout=0.2))
            except Timeout:  # another program fetches the same file
                continue
            return

    def _pause(self, cancel: CancelToken) -> None:
        end = time.monotonic() + PAUSE
        while time.monotonic() < end:
            cancel.check()
            time.sleep(0.05)

    def _lost(self) -> SurgeryError:
        return SurgeryError(
            f"The connection was lost: {in_words(self.present())} of {in_words(self.size)} of {self.name} are here.",
            GO_ON,
        )

    def _verify(self, cancel: CancelToken) -> None:
        size = self.partial.stat().st_size
        good = size == self.size
        if good and re.fullmatch("[0-9a-f]{64}", self.etag):
            digest = hashlib.sha256()
            with self.partial.open("rb") as stream:
                while chunk := stream.read(1 << 22):
                    cancel.check()
                    digest.update(chunk)
            good = digest.hexdigest() == self.etag
        if not good:
            self.partial.unlink()
            raise SurgeryError(f"The file {self.name} arrived damaged and was deleted.", "Open the model again.")
