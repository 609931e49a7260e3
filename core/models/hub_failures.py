"""What can go wrong with the hub, each in one sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import Cancelled, SurgeryError

GO_ON = "Open it again: the download goes on where it stopped."


class NotAtHand(SurgeryError):
    """The model is neither here nor to be had: an unknown name, or no network."""


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and everything it was raised from, outermost first."""
    seen: BaseException | None = error
    for _ in range(20):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def is_network(error: BaseException) -> bool:
    """Return whether an error means that the connection failed, and not what was said over it."""
    from huggingface_hub.errors import HfHubHTTPError

    for cause in chain(error):
        if isinstance(cause, HfHubHTTPError):
            return False
        # The library's HTTP client differs between its versions; its name always begins like this.
        if isinstance(cause, ConnectionError | TimeoutError) or type(cause).__module__.startswith("httpx"):
            return True
    return False


@contextmanager
def failures_in_words(repo_id: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the hub's library raises into one sentence and one hint."""
    from huggingface_hub.errors import EntryNotFoundError, HFValidationError

    try:
        yield
    except (SurgeryError, Cancelled):
        raise
    except HFValidationError as error:
        raise SurgeryError(
            f"{repo_id!r} is no name of a model.", "A name on the hub looks like gpt2 or owner/name."
        ) from error
    except (OSError, EntryNotFoundError) as error:
        raise _in_words(error, repo_id, revision) from error
    except Exception as error:
        # The HTTP client's own errors are of no common built-in class.
        if is_network(error):
            raise _in_words(error, repo_id, revision) from error
        raise


def _in_words(error: Exception, repo_id: str, revision: str | None) -> SurgeryError:
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    for cause in chain(error):
        if isinstance(cause, OfflineModeIsEnabled):
            return NotAtHand(
                f"The model {repo_id} is not complete in the local cache, and downloads are turned off.",
                "Unset HF_HUB_OFFLINE to allow the download.",
            )
        if isinstance(cause, GatedRepoError):
            return SurgeryError(
                f"The model {repo_id} is gated: its authors want their terms accepted first.",
                "Accept them on the model's page, then log in with `hf auth login`.",
            )
        if isinstance(cause, RevisionNotFoundError):
            return SurgeryError(f"The model {repo_id} has no revision {revision!r}.", "Leave the revision out.")
        if isinstance(cause, RepositoryNotFoundError):
            return NotAtHand(
                f"There is no model {repo_id} on the hub, or it is private.",
                "Check the spelling, or log in with `hf auth login` if it is yours.",
            )
        if isinstance(cause, HfHubHTTPError):
            return _refused(cause.response.status_code, repo_id)
    return _broken(error, repo_id)


def _refused(status: int, repo_id: str) -> SurgeryError:
    if status in (401, 403):
        return NotAtHand(
            f"The hub does not let you download {repo_id} ({status}): it is private, or there is no such model.",
            "Check the spelling, or log in with `hf auth login` and an access token that may read it.",
        )
    if status == 429:
        return SurgeryError("The hub asks for a pause after too many requests (429).", "Try again in a few minutes.")
    return NotAtHand(f"The hub cannot answer at the moment ({status}).", "Try again later.")


def _broken(error: Exception, repo_id: str) -> SurgeryError:
    for cause in chain(error):
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return SurgeryError(
                f"The disk became full while {repo_id} was downloaded.",
                "Free some space, or set HF_HOME to a folder on another disk.",
            )
        if isinstance(cause, PermissionError):
            return SurgeryError(
                f"The cache folder of the hub cannot be written: {cause.filename}.",
                "Change its permissions, or set HF_HOME to another folder.",
            )
    if is_network(error):
        return NotAtHand(
            f"{repo_id} is not on this machine, and the hub cannot be reached.",
            "Check the spelling and the network connection, or choose a model from the menu.",
        )
    return SurgeryError(f"The model {repo_id} cannot be downloaded: {str(error).splitlines()[0]}", "Try again later.")
