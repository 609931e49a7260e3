"""The menu of models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QLabel, QToolButton, QWidgetAction

from core.models.catalogue import CatalogueEntry
from gui.actions import model_menu
from gui.actions.model_menu import ModelMenu
from gui.theme.theme import Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


LEAST_ICON = 6


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
    assert texts(menu)[-1] == "Open another model …"


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


def test_that_a_list_that_cannot_be_read_says_so_and_still_offers_the_dialog(
    menu: ModelMenu, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(model_menu, "list_models", unreadable)
    menu.aboutToShow.emit()
    said, *rest = texts(menu)
    assert "Permission denied" in said
    assert rest == ["Open another model …"]


def test_that_the_last_entry_asks_for_the_dialog(menu: ModelMenu, qtbot: QtBot) -> None:
    with qtbot.waitSignal(menu.dialogWanted):
        menu.actions()[-1].trigger()


def test_that_the_open_model_alone_has_a_tick(menu: ModelMenu) -> None:
    def ticked() -> list[str]:
        menu.aboutToShow.emit()
        return [action.text().split()[0] for action in menu.actions() if action.isChecked()]

    assert ticked() == []
    for name in ("specimen-gpt2", "someone/elsewhere"):
        menu.set_open(name)
        assert ticked() == [name] * (name == "specimen-gpt2")


def test_that_headings_are_to_be_read_and_cannot_be_chosen(menu: ModelMenu) -> None:
    headings = [action for action in menu.actions() if isinstance(action, QWidgetAction)]
    assert [action.text() for action in headings] == ["Embedded", "Downloaded"]
    for action in headings:
        label = action.defaultWidget()
        assert isinstance(label, QLabel)
        assert label.text() == action.text()
        assert menu.actionGeometry(action).height() >= label.fontMetrics().height()
        assert not action.isEnabled()


def test_that_the_buttons_of_qt_s_own_file_dialog_have_room_for_their_icons(qtbot: QtBot) -> None:
    Theme("light").apply()
    dialog = QFileDialog()
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    qtbot.addWidget(dialog)
    dialog.show()
    buttons = [each for each in dialog.findChildren(QToolButton) if each.isVisible() and not each.icon().isNull()]
    assert buttons
    for button in buttons:
        inked = button.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        ground = inked.pixel(inked.width() // 2, 2)
        columns = [
            x
            for x in range(4, inked.width() - 4)
            if any(inked.pixel(x, y) != ground for y in range(4, inked.height() - 4))
        ]
        assert max(columns) - min(columns) >= LEAST_ICON
