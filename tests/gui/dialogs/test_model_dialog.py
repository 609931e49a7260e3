"""The model dialog, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from core.runs.events import ModelsListed
from gui.dialogs.model_dialog import ModelDialog
from gui.settings import Settings
from gui.theme.theme import Theme
from tests.fixtures.made_results import model_info
from tests.gui.dialogs.made_models import ENTRIES, KEPT, LISTED, devices, held
from tests.gui.misplaced import misplaced

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def dialog(qtbot: QtBot) -> ModelDialog:
    """Return the dialog with a list, on a machine without a GPU."""
    made = ModelDialog(Theme(), Settings(None))
    qtbot.addWidget(made)
    made.show()
    made.show_held(held(("specimen-gpt2", True), ("owner/small", False)))
    made.show_listing(LISTED)
    return made


def shown(dialog: ModelDialog) -> list[str]:
    return [row.text(0) for row in dialog.list._rows()]


def column(dialog: ModelDialog, number: int) -> list[str]:
    return [row.text(number) for row in dialog.list._rows()]


def press(qtbot: QtBot, dialog: ModelDialog, key: Qt.Key) -> None:
    qtbot.keyClick(QApplication.focusWidget() or dialog.search, key)


def test_that_every_model_is_there_with_what_it_needs_and_its_state(dialog: ModelDialog) -> None:
    assert shown(dialog) == ["specimen-gpt2", "owner/large", "owner/begun", "owner/other", "broken"]
    assert column(dialog, 4) == ["22 MB", "31 GB", "", "546 MB", ""]
    assert column(dialog, 5) == ["open", "too large, 4.0 GB free", "40% of 500 MB are here", "fits", "cannot be opened"]


def test_that_another_number_format_needs_other_memory(dialog: ModelDialog) -> None:
    dialog.dtype.setCurrentIndex(dialog.dtype.findData("bfloat16"))
    assert column(dialog, 4) == ["11 MB", "15 GB", "", "273 MB", ""]


def test_that_devices_that_are_not_there_are_off_and_say_why(dialog: ModelDialog) -> None:
    items = dialog.device.model()
    there = {
        dialog.device.itemData(i): bool(items.flags(items.index(i, 0)) & Qt.ItemFlag.ItemIsEnabled) for i in range(4)
    }
    assert there == {"auto": True, "cuda": False, "mps": False, "cpu": True}
    assert (
        dialog.device.itemData(1, Qt.ItemDataRole.ToolTipRole) == "The device cuda is not available: no GPU was found."
    )


@pytest.mark.parametrize(("has_gpu", "chosen"), [(False, "auto"), (True, "cpu")])
def test_that_the_device_of_the_open_model_is_kept(qtbot: QtBot, has_gpu: bool, chosen: str) -> None:
    made = ModelDialog(Theme(), Settings(None))
    qtbot.addWidget(made)
    made.show_held(held(("specimen-gpt2", True)))
    auto, cuda, mps, cpu = devices()
    made.show_listing(
        ModelsListed(ENTRIES, (auto, cpu.__class__(name="cuda", text="GPU") if has_gpu else cuda, mps, cpu))
    )
    assert made.device.currentData() == chosen


def test_that_typing_finds_and_enter_opens(dialog: ModelDialog, qtbot: QtBot) -> None:
    dialog.search.setFocus()
    qtbot.keyClicks(dialog.search, "owner")
    assert shown(dialog)[:3] == ["owner/large", "owner/begun", "owner/other"]
    for _ in range(2):
        qtbot.keyClick(dialog.search, Qt.Key.Key_Down)
    assert dialog.list.name == "owner/other"
    with qtbot.waitSignal(dialog.openWanted) as told:
        qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert told.args == ["owner/other", "auto", "float32"]


def test_that_enter_in_the_list_opens_once(dialog: ModelDialog, qtbot: QtBot) -> None:
    told: list[str] = []
    dialog.openWanted.connect(lambda name, *_: told.append(name))
    dialog.list.setFocus()
    qtbot.keyClick(dialog.list, Qt.Key.Key_Return)
    assert told == ["specimen-gpt2"]


def test_that_escape_closes(dialog: ModelDialog, qtbot: QtBot) -> None:
    qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_that_a_hub_id_that_is_not_listed_is_offered_as_a_download(dialog: ModelDialog, qtbot: QtBot) -> None:
    dialog.search.setText("  openai-community/gpt2 ")
    assert shown(dialog) == ["openai-community/gpt2, from the hub"]
    assert dialog.open_button.text() == "Download and open"
    with qtbot.waitSignal(dialog.openWanted) as told:
        qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    assert told.args is not None
    assert told.args[0] == "openai-community/gpt2"


def test_that_what_cannot_be_opened_cannot_be_opened(dialog: ModelDialog, qtbot: QtBot) -> None:
    dialog.list.choose("/models/broken")
    assert not dialog.open_button.isEnabled()
    assert dialog.details.text() == "The folder has no tokenizer."
    with qtbot.assertNotEmitted(dialog.openWanted):
        dialog.list.itemDoubleClicked.emit(dialog.list.currentItem(), 0)
    dialog.list.choose("owner/begun")
    assert dialog.open_button.text() == "Continue the download"
    assert dialog.open_button.isEnabled()


def test_that_a_folder_is_asked_for(dialog: ModelDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/some/folder")
    with qtbot.waitSignal(dialog.openWanted) as told:
        dialog.browse.click()
    assert told.args is not None
    assert told.args[0] == "/some/folder"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    with qtbot.assertNotEmitted(dialog.openWanted):
        dialog.browse.click()


def test_that_progress_is_shown_while_a_model_opens_and_it_can_be_cancelled(dialog: ModelDialog, qtbot: QtBot) -> None:
    dialog.show_progress("Running", None)  # a run is none of its business
    assert not dialog.cancel.isVisible()
    dialog.list.choose("owner/begun")
    dialog.open_button.click()
    dialog.show_progress("Downloading owner/begun: 200 MB of 500 MB", 0.4)
    assert dialog._text.text() == "Downloading owner/begun: 200 MB of 500 MB …"
    assert dialog._bar.value() / dialog._bar.maximum() == 0.4
    with qtbot.waitSignal(dialog.cancelWanted):
        dialog.cancel.click()
    dialog.show_failure("Stopped.", stopped=True)
    assert (dialog._text.text(), dialog.cancel.isVisible()) == ("Stopped.", False)
    dialog.show_progress("", None)
    assert dialog._text.text() == "Stopped."


def test_that_it_closes_once_the_model_that_was_asked_for_is_open(dialog: ModelDialog) -> None:
    dialog.show_model(model_info(name="another"))
    dialog.open_button.click()
    dialog.show_model(model_info(name="another"))
    assert dialog.isVisible()
    dialog.show_model(model_info(name="specimen-gpt2", dtype="bfloat16"))
    assert not dialog.isVisible()
    assert dialog.dtype.currentData() == "bfloat16"


def test_that_models_beside_the_open_one_can_be_let_go_and_the_budget_changed(
    dialog: ModelDialog, qtbot: QtBot
) -> None:
    buttons = dialog.held.area.findChildren(QPushButton)
    assert [button.accessibleName() for button in buttons] == ["Let owner/small go"]
    with qtbot.waitSignal(dialog.letGoWanted) as told:
        buttons[0].click()
    assert told.args == ["owner/small@1"]
    with qtbot.waitSignal(dialog.shareChosen) as told:
        dialog.held.share.stepBy(1)
    assert told.args == [0.55]
    assert "2.0 GB of 8.0 GB taken" in dialog.held._budget.text()


def test_that_what_is_kept_of_runs_and_how_much_of_it_may_be_is_said(dialog: ModelDialog) -> None:
    dialog.held.show_kept(KEPT)
    words = "Clean runs 3 MB of 256 MB · activations 2 kB of 256 MB · results 14 of 128"
    assert dialog.held.kept.text() == words
    assert dialog.held.kept.toolTip().startswith(words)
    assert "going back to an earlier plan runs nothing again" in dialog.held.kept.toolTip()


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("scale", "room"), [(1.0, (1280, 720)), (1.5, (1280, 720)), (0.8, (900, 600))])
def test_that_everything_has_room(qtbot: QtBot, name: str, scale: float, room: tuple[int, int]) -> None:
    theme = Theme(name, scale)
    theme.apply()
    made = ModelDialog(theme, Settings(None))
    qtbot.addWidget(made)
    made.show_held(held(("specimen-gpt2", True), ("owner/small", False)))
    made.held.show_kept(KEPT)
    made.show_listing(LISTED)
    made.resize(made.sizeHint().boundedTo(QSize(*room)))
    made.show()
    qtbot.wait(20)
    assert made.width() <= room[0]
    assert made.height() <= room[1]
    assert misplaced(made) == []
    made.open_button.click()
    made.show_progress("Downloading openai-community/gpt2: 200 MB of 548 MB", 0.4)
    qtbot.wait(20)
    assert made.height() <= room[1]
    assert misplaced(made) == []
