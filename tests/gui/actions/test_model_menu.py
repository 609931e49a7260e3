"""The menu of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from PySide6.QtWidgets import QFileDialog, QInputDialog

from core.models.catalogue import CatalogueEntry
from gui.actions import model_menu
from gui.actions.model_menu import ModelMenu

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def entry(name: str, kind: Literal["specimen", "hub"], remark: str = "") -> CatalogueEntry:
    return CatalogueEntry(
        name=name,
        kind=kind,
        path=Path(name),
        family="gpt2",
        n_parameters=None if remark else 5_000_000,
        disk_bytes=1,
        memory_bytes=None if remark else 20_000_000,
        supported=not remark,
        remark=remark,
    )


@pytest.fixture
def menu(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ModelMenu:
    entries = (
        entry("specimen-gpt2", "specimen"),
        entry("someone/a&b", "hub"),
        entry("someone/broken", "hub", remark="Its weights are cut short."),
    )
    monkeypatch.setattr(model_menu, "list_models", lambda: entries)
    made = ModelMenu()
    qtbot.addWidget(made)
    made.aboutToShow.emit()
    return made


def texts(menu: ModelMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_that_models_are_listed_under_headings_with_what_they_need(menu: ModelMenu) -> None:
    assert texts(menu)[:3] == ["Embedded", "specimen-gpt2   (gpt2, 5 M parameters, 20 MB)", "Downloaded"]
    assert texts(menu)[-2:] == ["Open a checkpoint folder …", "Fetch from the hub …"]


def test_that_the_list_is_made_afresh_each_time(menu: ModelMenu) -> None:
    before = texts(menu)
    menu.aboutToShow.emit()
    assert texts(menu) == before


def test_that_a_chosen_model_is_told_by_its_name(menu: ModelMenu, qtbot: QtBot) -> None:
    action = next(action for action in menu.actions() if action.text().startswith("someone/a"))
    assert "a&&b" in action.text()
    with qtbot.waitSignal(menu.modelChosen) as told:
        action.trigger()
    assert told.args == ["someone/a&b"]


def test_that_a_model_that_cannot_be_opened_is_off_and_says_why(menu: ModelMenu) -> None:
    action = next(action for action in menu.actions() if action.text().startswith("someone/broken"))
    assert not action.isEnabled()
    assert action.toolTip() == "Its weights are cut short."
    assert menu.toolTipsVisible()


def test_that_a_list_that_cannot_be_read_says_so_and_still_offers_folder_and_hub(
    menu: ModelMenu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(model_menu, "list_models", unreadable)
    menu.aboutToShow.emit()
    said, *rest = texts(menu)
    assert "Permission denied" in said
    assert rest == ["Open a checkpoint folder …", "Fetch from the hub …"]


def test_that_a_folder_is_asked_for(menu: ModelMenu, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "some/folder")
    with qtbot.waitSignal(menu.modelChosen) as told:
        menu.ask_for_folder()
    assert told.args == ["some/folder"]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    with qtbot.assertNotEmitted(menu.modelChosen):
        menu.ask_for_folder()


def test_that_a_hub_id_is_asked_for(menu: ModelMenu, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (" gpt2 ", True))
    with qtbot.waitSignal(menu.modelChosen) as told:
        menu.ask_for_hub_id()
    assert told.args == ["gpt2"]
    for answer in (("gpt2", False), ("  ", True)):
        monkeypatch.setattr(QInputDialog, "getText", lambda *_, answer=answer: answer)
        with qtbot.assertNotEmitted(menu.modelChosen):
            menu.ask_for_hub_id()
