"""Downloads from a stand-in for the hub: what arrives, what can go wrong, what is kept."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.cancel import CancelToken
from core.errors import Cancelled, SurgeryError
from core.models import hub_transfer
from core.models.checkpoint import inspect_checkpoint
from core.models.hub import Hub, fetch
from core.models.progress import silent
from tests.fixtures.hub_server import COMMIT, HubServer
from tests.fixtures.tiny_models import TinyModel

WEIGHTS = "model.safetensors"


class Usage(NamedTuple):
    """What shutil.disk_usage answers."""

    total: int
    used: int
    free: int


def incomplete(hub: Hub) -> list[Path]:
    return list(hub.folder.rglob("*.incomplete"))


def cancelling_after(fraction: float) -> tuple[Callable[[str, float | None], None], CancelToken]:
    """Return a report that cancels once so much has arrived."""
    cancel = CancelToken()

    def report(text: str, done: float | None) -> None:
        if done is not None and done > fraction:
            cancel.cancel()

    return report, cancel


def test_that_a_download_is_a_whole_checkpoint_of_the_same_bytes(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    assert folder.name == COMMIT
    assert inspect_checkpoint(folder).family == "gpt2"
    assert (folder / WEIGHTS).read_bytes() == (tiny_gpt2.folder / WEIGHTS).read_bytes()
    assert incomplete(hub) == []


def test_that_progress_grows_from_nothing_to_all_in_many_steps(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    told: list[tuple[str, float | None]] = []
    hub.fetch("owner/tiny", lambda text, fraction: told.append((text, fraction)), CancelToken())
    fractions = [fraction for _, fraction in told if fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert len(fractions) > 5
    assert told[0][0] == "Looking for owner/tiny on the hub"
    assert any("config.json" in text for text, _ in told)


def test_that_a_downloaded_model_opens_without_any_request(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    first = hub.fetch("owner/tiny", silent, CancelToken())
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    hub_server.asked.clear()
    assert hub.fetch("owner/tiny", silent, CancelToken()) == first
    assert hub_server.asked == []


def test_that_the_library_itself_finds_what_was_downloaded(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    from huggingface_hub import hf_hub_download

    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    path = hf_hub_download("owner/tiny", WEIGHTS, cache_dir=hub.folder, local_files_only=True)
    assert Path(path) == folder / WEIGHTS


def test_that_only_what_a_model_needs_is_downloaded(hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel) -> None:
    repository = hub_server.publish("owner/tiny", tiny_gpt2.folder)
    repository.files |= {"pytorch_model.bin": b"x", "tf_model.h5": b"x", "README.md": b"x", "modeling_own.py": b"x"}
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    names = {path.name for path in folder.iterdir()}
    assert names == {"config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json"}


def test_that_all_shards_arrive(hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    sharded = tmp_path / "sharded"
    shutil.copytree(tiny_gpt2.folder, sharded)
    (sharded / WEIGHTS).unlink()
    tiny_gpt2.model.save_pretrained(sharded, max_shard_size="100KB")
    assert len(list(sharded.glob("model-*.safetensors"))) > 1
    hub_server.publish("owner/tiny", sharded)
    told: list[float] = []
    folder = hub.fetch("owner/tiny", lambda _, fraction: told.append(fraction or 0.0), CancelToken())
    whole, parts = inspect_checkpoint(tiny_gpt2.folder), inspect_checkpoint(folder)
    assert parts.n_parameters == whole.n_parameters
    assert told[-1] == 1.0


def test_that_bin_files_are_taken_where_there_is_no_safetensors(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, tmp_path: Path
) -> None:
    import torch

    older = tmp_path / "older"
    shutil.copytree(tiny_gpt2.folder, older)
    (older / WEIGHTS).unlink()
    torch.save(tiny_gpt2.model.state_dict(), older / "pytorch_model.bin")
    hub_server.publish("owner/tiny", older)
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    assert not inspect_checkpoint(folder).weights.safetensors


def test_that_a_dropped_connection_is_taken_up_where_it_broke(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    repository = hub_server.publish("owner/tiny", tiny_gpt2.folder)
    repository.drops = [40_000, 40_000]
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    assert (folder / WEIGHTS).read_bytes() == repository.files[WEIGHTS]
    assert [line.split()[-1] for line in hub_server.downloads(WEIGHTS)[1:]] == ["bytes=40000-", "bytes=80000-"]


def test_that_a_connection_that_stays_down_is_one_sentence_and_what_arrived_is_kept(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    repository = hub_server.publish("owner/tiny", tiny_gpt2.folder)
    repository.drops = [50_000] + [0] * hub_transfer.ATTEMPTS
    with pytest.raises(SurgeryError, match=r"The connection was lost: 50 kB of \d+ kB of model.safetensors are here"):
        hub.fetch("owner/tiny", silent, CancelToken())
    assert [path.stat().st_size for path in incomplete(hub)] == [50_000]
    repository.drops = []
    told: list[float] = []
    folder = hub.fetch("owner/tiny", lambda _, fraction: told.append(fraction or 0.0), CancelToken())
    assert (folder / WEIGHTS).read_bytes() == repository.files[WEIGHTS]
    assert hub_server.downloads(WEIGHTS)[-1].endswith("bytes=50000-")


def test_that_a_hub_that_ignores_ranges_is_asked_for_everything_again(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    repository = hub_server.publish("owner/tiny", tiny_gpt2.folder)
    repository.drops, repository.takes_ranges = [50_000], False
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    assert (folder / WEIGHTS).read_bytes() == repository.files[WEIGHTS]


def test_that_a_cancelled_download_stops_at_once_and_goes_on_later(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    repository = hub_server.publish("owner/tiny", tiny_gpt2.folder)
    report, cancel = cancelling_after(0.4)
    with pytest.raises(Cancelled):
        hub.fetch("owner/tiny", report, cancel)
    size = len(repository.files[WEIGHTS])
    (kept,) = incomplete(hub)
    arrived = kept.stat().st_size
    assert 0.4 * size < arrived < 0.8 * size
    hub.fetch("owner/tiny", silent, CancelToken())
    assert hub_server.downloads(WEIGHTS)[-1].endswith(f"bytes={arrived}-")


def test_that_a_download_cancelled_before_it_began_asks_nothing(hub: Hub, hub_server: HubServer) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        hub.fetch("owner/tiny", silent, cancel)
    assert hub_server.asked == []


def test_that_bytes_that_are_not_those_announced_are_thrown_away(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder).damaged = True
    with pytest.raises(SurgeryError, match="arrived damaged"):
        hub.fetch("owner/tiny", silent, CancelToken())
    assert incomplete(hub) == []


def test_that_an_unknown_model_is_one_sentence(hub: Hub) -> None:
    with pytest.raises(SurgeryError, match="There is no model owner/nothing on the hub, or it is private"):
        hub.fetch("owner/nothing", silent, CancelToken())


def test_that_an_unknown_revision_is_one_sentence(hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    with pytest.raises(SurgeryError, match="owner/tiny has no revision 'nowhere'"):
        hub.fetch("owner/tiny", silent, CancelToken(), "nowhere")


def test_that_a_gated_model_says_where_to_accept_its_terms(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder).gated = True
    with pytest.raises(SurgeryError, match=r"owner/tiny is gated.*Accept them"):
        hub.fetch("owner/tiny", silent, CancelToken())


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "private"),
        (403, "does not let you download owner/tiny"),
        (503, "cannot answer at the moment .503."),
    ],
)
def test_that_a_refusal_is_one_sentence(hub: Hub, hub_server: HubServer, status: int, sentence: str) -> None:
    hub_server.status = status
    with pytest.raises(SurgeryError, match=sentence):
        hub.fetch("owner/tiny", silent, CancelToken())


def test_that_no_network_is_one_sentence(hub_server: HubServer, tmp_path: Path) -> None:
    nobody = Hub(endpoint="http://127.0.0.1:9", cache=tmp_path)
    with pytest.raises(
        SurgeryError, match=r"is not on this machine, and the hub cannot be reached. Check the spelling and the network"
    ):
        nobody.fetch("owner/tiny", silent, CancelToken())


def test_that_downloads_turned_off_is_one_sentence(
    hub: Hub, hub_server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SurgeryError, match=r"not complete in the local cache.*HF_HUB_OFFLINE"):
        hub.fetch("owner/tiny", silent, CancelToken())
    assert hub_server.asked == []


@pytest.mark.parametrize("name", ["a b", "-gpt2", "owner/--", "x" * 97, "owner/name.git"])
def test_that_an_impossible_name_is_one_sentence(hub: Hub, hub_server: HubServer, name: str) -> None:
    with pytest.raises(SurgeryError, match="is no name of a model"):
        hub.fetch(name, silent, CancelToken())
    assert hub_server.asked == []


def test_that_too_little_disk_space_is_said_before_the_download(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    monkeypatch.setattr("core.models.hub.shutil.disk_usage", lambda _: Usage(10**6, 10**6 - 1000, 1000))
    with pytest.raises(SurgeryError, match=r"needs \d+ kB, but only 1 kB are free"):
        hub.fetch("owner/tiny", silent, CancelToken())
    assert hub_server.downloads(WEIGHTS) == []


def test_that_a_disk_that_becomes_full_is_one_sentence(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(hub_transfer.Transfer, "_stream", full)
    with pytest.raises(SurgeryError, match="The disk became full while owner/tiny was downloaded"):
        hub.fetch("owner/tiny", silent, CancelToken())


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"model_type": "unheard_of"}, "The family 'unheard_of' is not supported yet"),
        ({"model_type": "mamba", "hidden_size": 32}, "The family 'mamba' has no attention heads"),
        ({"model_type": "own", "auto_map": {"AutoModel": "modeling_own.Own"}}, "program code that comes with it"),
    ],
)
def test_that_an_unsupported_model_is_refused_before_its_weights_are_fetched(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, config: dict, sentence: str
) -> None:
    repository = hub_server.publish("owner/tiny", tiny_gpt2.folder)
    repository.files["config.json"] = json.dumps(config).encode()
    with pytest.raises(SurgeryError, match=sentence):
        hub.fetch("owner/tiny", silent, CancelToken())
    assert hub_server.downloads(WEIGHTS) == []


@pytest.mark.parametrize(
    ("lost", "sentence"), [("config.json", "it has no config.json"), (WEIGHTS, "no weights that can be opened")]
)
def test_that_a_repository_without_a_model_is_one_sentence(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, lost: str, sentence: str
) -> None:
    del hub_server.publish("owner/tiny", tiny_gpt2.folder).files[lost]
    with pytest.raises(SurgeryError, match=sentence):
        hub.fetch("owner/tiny", silent, CancelToken())


def test_that_an_incomplete_cache_is_completed(hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    (folder / WEIGHTS).resolve().unlink()
    (folder / WEIGHTS).unlink()
    assert hub.cached("owner/tiny") is None
    assert hub.fetch("owner/tiny", silent, CancelToken()) == folder
    assert hub.cached("owner/tiny") == folder


def test_that_the_users_own_hub_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert Hub().folder == tmp_path
    with pytest.raises(SurgeryError, match="HF_HUB_OFFLINE"):
        fetch("owner/tiny", silent, CancelToken())


def test_that_nothing_is_told_to_the_hub_about_the_user() -> None:
    from huggingface_hub import constants

    assert constants.HF_HUB_DISABLE_TELEMETRY
