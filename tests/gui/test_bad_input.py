"""What cannot be done, in the window: one clear sentence with a next step, and nothing is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.models import hub as hub_module
from core.runs import execute as execute_module
from gui.widgets.stale_veil import OUTDATED
from tests.fixtures.hub_server import HubServer, hub_server
from tests.fixtures.tiny_models import TinyModel
from tests.gui.conftest import Opener
from tests.gui.hands import Hands

__all__ = ["hub_server"]  # a fixture

LONGEST = 400


@pytest.fixture
def at_work(hands: Hands) -> Hands:
    """The window with a cut made and its result shown."""
    hands.click_cell("L1H2.z")
    hands.wait_until_quiet()
    return hands


def one_sentence(hands: Hands, key: str) -> str:
    """Return the only notice, which says what is wrong and what to do, and shows no inner workings."""
    assert list(hands.notices) == [key], hands.notices
    (notice,) = hands.made.notifications.notices
    assert notice.message.endswith(".")
    assert notice.hint.endswith(".")
    assert notice.details == ""
    assert "Traceback" not in hands.notices[key]
    assert len(hands.notices[key]) < LONGEST
    assert hands.window.notices.isVisible()
    return hands.notices[key]


def shown_still(hands: Hands) -> None:
    """Check that the last result is still to be seen, and not said to be updating."""
    for key, panel in hands.window.panels.items():
        if key not in ("anatomy", "cosine_curve", "generation", "sweep_map"):  # they wait for a wish
            assert panel.reason == ""  # type: ignore[attr-defined]
        # Never "updating", where nothing is on its way.
        assert panel.veil.mark in ("", OUTDATED)  # type: ignore[attr-defined]
        assert not panel.veil.waiting  # type: ignore[attr-defined]


def open_and_fail(hands: Hands, name: str) -> str:
    """Ask for a model that cannot be had and return what is said; all else must stay as it was."""
    before, count = hands.session, len(hands.results)
    hands.window.model_menu.modelChosen.emit(name)
    hands.wait_until_quiet()
    said = one_sentence(hands, "opening")
    assert hands.session == before
    assert len(hands.results) == count
    shown_still(hands)
    # The model that was open still answers.
    hands.click_cell("L2H0.z")
    assert len(hands.wait_for_result().request.plan) == 2
    return said


def damaged(tiny: TinyModel, folder: Path) -> Path:
    """Return a copy of a checkpoint to be damaged."""
    shutil.copytree(tiny.folder, folder)
    return folder


def test_that_an_empty_prompt_is_answered_and_the_cuts_stay(at_work: Hands) -> None:
    count = len(at_work.results)
    at_work.type_prompt("")
    assert one_sentence(at_work, "failure") == "The prompt is empty. Type a sentence."
    assert at_work.cuts == ["L1H2.z@-1=silence"]
    assert len(at_work.results) == count
    shown_still(at_work)
    at_work.type_prompt("the cat")
    assert at_work.notices == {}
    assert len(at_work.result.request.plan) == 1


def test_that_a_prompt_of_blanks_is_answered(at_work: Hands) -> None:
    at_work.type_prompt("   ")
    assert "The prompt is empty" in one_sentence(at_work, "failure")


def test_that_a_prompt_longer_than_the_context_says_by_how_much(at_work: Hands) -> None:
    at_work.retype(at_work.window.header.prompt, "", enter=False)
    at_work.window.header.prompt.insert("cat " * 200)
    at_work.wait_until_quiet()
    said = one_sentence(at_work, "failure")
    assert "takes at most 64" in said
    assert "Shorten it by" in said
    assert at_work.session.prompt == "cat " * 200
    shown_still(at_work)
    at_work.action("Undo").trigger()
    at_work.wait_until_quiet()
    assert at_work.notices == {}


@pytest.mark.parametrize("text", ["pneumonoultramicroscopic", " cat and dog"])
def test_that_a_target_of_several_tokens_names_them_and_the_likeliest_is_followed(at_work: Hands, text: str) -> None:
    at_work.retype(at_work.window.header.target, text)
    at_work.wait_until_quiet()
    said = one_sentence(at_work, "target")
    assert "tokens in this model" in said
    assert at_work.session.target == text
    assert at_work.result.target == at_work.result.clean.top[0].id
    assert at_work.window.header.target.text() == text
    shown_still(at_work)
    at_work.retype(at_work.window.header.target, "")
    at_work.wait_until_quiet()
    assert at_work.notices == {}


def test_that_a_word_outside_the_vocabulary_is_answered(bert: Hands) -> None:
    bert.retype(bert.window.header.target, "β")
    bert.wait_until_quiet()
    assert "vocabulary" in one_sentence(bert, "target")


def test_that_a_word_to_compare_with_is_checked_like_the_target(at_work: Hands) -> None:
    at_work.retype(at_work.window.header.versus, "cat and dog")
    at_work.wait_until_quiet()
    assert "tokens in this model" in one_sentence(at_work, "versus")
    assert at_work.result.clean.numbers["logit_difference"] is None


def test_that_a_folder_that_is_no_checkpoint_is_answered(at_work: Hands, tmp_path: Path) -> None:
    assert "config.json" in open_and_fail(at_work, str(tmp_path))


def test_that_a_folder_that_does_not_exist_is_answered(at_work: Hands, tmp_path: Path) -> None:
    assert "There is no folder" in open_and_fail(at_work, str(tmp_path / "nothing"))


def test_that_a_truncated_weight_file_is_answered(at_work: Hands, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    folder = damaged(tiny_gpt2, tmp_path / "cut short")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    assert "model.safetensors" in open_and_fail(at_work, str(folder))


def test_that_a_corrupted_weight_file_is_answered(at_work: Hands, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    folder = damaged(tiny_gpt2, tmp_path / "corrupted")
    weights = folder / "model.safetensors"
    weights.write_bytes(b"\xff" * 8 + weights.read_bytes()[8:])
    assert "model.safetensors" in open_and_fail(at_work, str(folder))


def test_that_an_unsupported_family_is_named(at_work: Hands, tiny_gpt2: TinyModel, tmp_path: Path) -> None:
    folder = damaged(tiny_gpt2, tmp_path / "foreign")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "unheard_of"}), encoding="utf-8")
    assert "unheard_of" in open_and_fail(at_work, str(folder))


def test_that_a_hub_id_without_a_network_is_answered(at_work: Hands) -> None:
    said = open_and_fail(at_work, "nobody/nothing-at-all")
    assert "nobody/nothing-at-all" in said


def test_that_a_hub_that_is_gone_in_the_middle_is_answered(
    at_work: Hands, hub_server: HubServer, tiny_gpt2: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = hub_module.Hub

    def stand_in() -> hub_module.Hub:
        return real(endpoint=hub_server.address, cache=tmp_path / "cache")

    from core.models import catalogue

    monkeypatch.setattr(catalogue, "Hub", stand_in)
    hub_server.publish("someone/tiny", tiny_gpt2.folder).drops = [5000, *[0] * 50]
    before = at_work.session
    said = open_and_fail(at_work, "someone/tiny")
    assert "connection" in said.lower()
    assert any("Downloading" in text for text, _ in at_work.progress)
    hub_server.repositories["someone/tiny"].drops = []
    at_work.controller.open_model("someone/tiny")
    at_work.wait_until_quiet()
    assert at_work.session.model == "someone/tiny" != before.model
    assert at_work.notices == {}


def test_that_a_disk_without_room_is_answered(
    at_work: Hands, hub_server: HubServer, tiny_gpt2: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.models import catalogue

    real = hub_module.Hub
    monkeypatch.setattr(catalogue, "Hub", lambda: real(endpoint=hub_server.address, cache=tmp_path / "cache"))
    monkeypatch.setattr("core.models.hub.shutil.disk_usage", lambda _: SimpleNamespace(total=10**6, used=0, free=1000))
    hub_server.publish("someone/tiny", tiny_gpt2.folder)
    assert "free" in open_and_fail(at_work, "someone/tiny")


def test_that_a_run_without_memory_left_is_answered(at_work: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def no_room(*args: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(execute_module, "taped", no_room)
        at_work.click_cell("L2H0.z")
        at_work.wait_until_quiet()
        assert "There is no memory left on cpu" in one_sentence(at_work, "failure")
        assert len(at_work.cuts) == 2
        shown_still(at_work)
    at_work.action("Run again").trigger()
    assert len(at_work.wait_for_result().request.plan) == 2
    assert at_work.notices == {}


def test_that_a_first_model_that_does_not_open_leaves_a_window_that_can_open_another(
    open_window: Opener, tiny_gpt2: TinyModel, tmp_path: Path
) -> None:
    hands = open_window("--model", str(tmp_path), "--prompt", tiny_gpt2.prompt, wait=False)
    hands.wait_until_quiet()
    said = one_sentence(hands, "opening")
    for panel in hands.window.panels.values():
        assert panel.reason == said  # type: ignore[attr-defined]
    hands.window.model_menu.modelChosen.emit(str(tiny_gpt2.folder))
    hands.wait_until_quiet()
    assert hands.notices == {}
    assert hands.session.prompt == hands.result.tokens.prompt == tiny_gpt2.prompt


def test_that_a_notice_can_be_waved_away(at_work: Hands) -> None:
    from PySide6.QtWidgets import QToolButton

    at_work.type_prompt("")
    close = next(b for b in at_work.window.notices.findChildren(QToolButton) if b.accessibleName() == "Dismiss")
    at_work.click(close)
    assert at_work.notices == {}
    assert not at_work.window.notices.isVisible()
