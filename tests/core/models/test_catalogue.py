"""The list of models on this machine, and the way from a name to a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core import paths
from core.cancel import CancelToken
from core.errors import SurgeryError
from core.models.catalogue import list_models, locate_model
from core.models.hub import Hub
from core.models.progress import silent
from tests.fixtures.hub_server import HubServer
from tests.fixtures.tiny_models import TinyModel


@pytest.fixture(autouse=True)
def specimens(tmp_path: Path, tiny_gpt2: TinyModel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ship one specimen, and a folder that is none."""
    root = tmp_path / "specimens"
    shutil.copytree(tiny_gpt2.folder, root / "specimen-one")
    (root / "notes").mkdir()
    monkeypatch.setattr(paths, "specimens", lambda: root)
    return root


def locate(name: str, hub: Hub) -> Path:
    return locate_model(name, silent, CancelToken(), hub)


def test_that_a_specimen_is_found_by_its_name(hub: Hub, specimens: Path) -> None:
    assert locate("specimen-one", hub) == specimens / "specimen-one"


def test_that_a_folder_is_found_by_its_path(
    hub: Hub, gpt2_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in (str(gpt2_folder), "~/checkpoint", "./checkpoint", "checkpoint", f" {gpt2_folder} "):
        assert locate(name, hub) == gpt2_folder


def test_that_any_other_name_is_asked_of_the_hub(hub: Hub, hub_server: HubServer, tiny_bert: TinyModel) -> None:
    hub_server.publish("tiny", tiny_bert.folder)
    assert locate("tiny", hub).is_relative_to(hub.folder)


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "~/nothing-of-this-name", "a/b/c", "C:\\models\\x"])
def test_that_a_path_to_nowhere_is_never_asked_of_the_hub(hub: Hub, hub_server: HubServer, name: str) -> None:
    with pytest.raises(SurgeryError, match="There is no folder"):
        locate(name, hub)
    assert hub_server.asked == []


def test_that_an_unknown_name_is_answered_with_the_specimens(hub: Hub) -> None:
    with pytest.raises(SurgeryError, match=r"There is no model nothing on the hub.*always there: specimen-one"):
        locate("nothing", hub)


@pytest.mark.parametrize("name", ["", "   ", "x" * 5000, "a\0b", "~nobody-of-this-name/model"])
def test_that_what_is_no_name_is_one_sentence(hub: Hub, name: str) -> None:
    with pytest.raises(SurgeryError, match=r"named|is no name of a model|There is no folder"):
        locate(name, hub)


def test_that_the_list_names_specimens_and_cached_models(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, tiny_bert: TinyModel
) -> None:
    hub_server.publish("owner/tiny", tiny_bert.folder)
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    specimen, cached = list_models(hub)
    assert (specimen.name, specimen.kind, specimen.family) == ("specimen-one", "specimen", "gpt2")
    assert (cached.name, cached.kind, cached.family, cached.path) == ("owner/tiny", "hub", "bert", folder)
    n_parameters = sum(p.numel() for p in tiny_gpt2.model.parameters())
    assert specimen.n_parameters == n_parameters
    assert specimen.memory_bytes is not None
    assert specimen.memory_bytes >= 4 * n_parameters
    assert specimen.disk_bytes >= 4 * n_parameters
    assert specimen.supported
    assert cached.supported


def test_that_models_that_cannot_be_opened_are_listed_with_the_reason(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel, specimens: Path
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    (folder / "model.safetensors").unlink()
    config = specimens / "specimen-one" / "config.json"
    config.write_text(config.read_text().replace('"model_type": "gpt2"', '"model_type": "unheard-of"'))
    specimen, cached = list_models(hub)
    assert not specimen.supported
    assert (specimen.family, specimen.n_parameters is None) == ("unheard-of", False)
    assert "'unheard-of' is not supported" in specimen.remark
    assert not cached.supported
    assert "no weights" in cached.remark


def test_that_no_cache_is_an_empty_list(tmp_path: Path) -> None:
    assert [entry.kind for entry in list_models(Hub(cache=tmp_path / "nothing"))] == ["specimen"]


def test_that_a_family_nobody_has_described_is_listed_as_one_to_be_tried(hub: Hub, specimens: Path) -> None:
    described, config = list_models(hub)[0], specimens / "specimen-one" / "config.json"
    assert (described.label, described.detected, described.remark) == ("GPT-2", False, "")
    config.write_text(config.read_text().replace('"model_type": "gpt2"', '"model_type": "mamba"'))
    tried = list_models(hub)[0]
    assert (tried.label, tried.detected, tried.supported) == ("mamba", True, True)
    assert "tried by structure" in tried.remark


def test_that_folders_are_listed_too_and_those_that_are_gone_are_not(
    hub: Hub, gpt2_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    folders = (str(gpt2_folder), str(tmp_path / "gone"), str(tmp_path / "empty"))
    whole, empty = list_models(hub, folders)[1:]
    assert (whole.name, whole.kind, whole.supported) == (str(gpt2_folder), "folder", True)
    assert not empty.supported
    assert "is empty" in empty.remark


def test_that_a_download_that_was_stopped_is_listed_with_what_is_here(
    hub: Hub, hub_server: HubServer, tiny_gpt2: TinyModel
) -> None:
    hub_server.publish("owner/tiny", tiny_gpt2.folder)
    folder = hub.fetch("owner/tiny", silent, CancelToken())
    weights = folder / "model.safetensors"
    blob = weights.resolve()
    blob.with_name(f"{blob.name}.incomplete").write_bytes(blob.read_bytes()[:1000])
    blob.unlink()
    weights.unlink()
    entry = list_models(hub)[1]
    assert (entry.supported, entry.started, entry.present_bytes, entry.total_bytes) == (False, True, 1000, None)
    (folder / "model.safetensors.index.json").write_text('{"metadata": {"total_size": 4000}, "weight_map": {}}')
    assert list_models(hub)[1].total_bytes == 4000
