"""The model dialog on the real window: several models, one of them open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSettings, Qt

from core.models import loading
from gui.settings import Settings
from gui.wiring.model_wiring import ModelWiring
from tests.gui.conftest import Opener

if TYPE_CHECKING:
    from pathlib import Path

    from gui.dialogs.model_dialog import ModelDialog
    from tests.fixtures.tiny_models import TinyModel
    from tests.gui.hands import Hands


def dialog_of(hands: Hands) -> ModelDialog:
    """Open the dialog and wait for its list."""
    hands.action("Open model …").trigger()
    dialog = next(each for each in hands.made.wirings if isinstance(each, ModelWiring)).dialog
    assert dialog is not None
    hands.qtbot.waitUntil(lambda: bool(dialog.list._rows()))
    return dialog


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))


def test_that_a_folder_that_is_typed_is_opened_and_remembered(
    open_window: Opener, tiny_gpt2: TinyModel, tiny_llama: TinyModel, settings: Settings
) -> None:
    hands = open_window("--model", str(tiny_gpt2.folder), settings=settings)
    dialog = dialog_of(hands)
    hands.qtbot.waitUntil(dialog.search.hasFocus)
    hands.qtbot.keyClicks(dialog.search, str(tiny_llama.folder))
    hands.qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    hands.qtbot.waitUntil(lambda: not dialog.isVisible())
    hands.wait_until_quiet()
    assert hands.result.model.family == "llama"
    assert settings.folders == (str(tiny_llama.folder), str(tiny_gpt2.folder))
    dialog = dialog_of(hands)
    hands.qtbot.waitUntil(lambda: "tiny-llama" in [row.text(0) for row in dialog.list._rows()])
    assert {row.text(0): row.text(5) for row in dialog.list._rows()}["tiny-llama"] == "open"


def test_that_a_model_that_is_held_opens_without_being_loaded(
    hands: Hands, tiny_gpt2: TinyModel, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.controller.open_model(str(tiny_llama.folder))
    hands.wait_until_quiet()
    assert "2 models held" in hands.window.status._held.text()
    monkeypatch.setattr(loading, "load_prepared", lambda *_: pytest.fail("it was loaded again"))
    hands.controller.open_model(str(tiny_gpt2.folder))
    hands.wait_until_quiet()
    assert hands.failures == []
    assert hands.result.model.family == "gpt2"


def test_that_a_held_model_is_let_go_from_the_dialog_and_the_card_says_so(
    hands: Hands, tiny_gpt2: TinyModel, tiny_llama: TinyModel
) -> None:
    hands.controller.open_model(str(tiny_llama.folder))
    hands.wait_until_quiet()
    card = hands.window.panels["model_card"]
    dialog = dialog_of(hands)
    held = dialog.held._held
    assert held is not None
    assert [model.is_open for model in held.models] == [True, False]
    assert "tiny-gpt2" in card.page.toPlainText()  # type: ignore[attr-defined]
    dialog.letGoWanted.emit(held.models[1].identity)
    hands.qtbot.waitUntil(lambda: "tiny-gpt2" not in card.page.toPlainText())  # type: ignore[attr-defined]
    assert hands.window.status._held.text() == ""


def test_that_a_budget_is_kept_and_obeyed(open_window: Opener, tiny_gpt2: TinyModel, settings: Settings) -> None:
    hands = open_window("--model", str(tiny_gpt2.folder), settings=settings)
    dialog_of(hands).held.share.setValue(20)
    hands.qtbot.waitUntil(lambda: hands.made.thread._worker._desk._holding._share == 0.2)
    assert settings.memory_share == 0.2


def test_that_what_cannot_be_opened_says_so_in_the_dialog_which_stays(hands: Hands) -> None:
    dialog = dialog_of(hands)
    dialog.search.setText("/no/such/folder")
    dialog.open_button.click()
    hands.wait_until_quiet()
    assert dialog.isVisible()
    assert dialog._text.text().startswith("There is no folder /no/such/folder.")
    assert not dialog.cancel.isVisible()


def test_that_an_opening_is_cancelled_from_the_dialog(
    hands: Hands, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtCore import QThread

    def wait_for_cancel(*_: object, cancel: object, **more: object) -> None:
        while True:
            cancel.check()  # type: ignore[attr-defined]
            QThread.msleep(1)

    dialog = dialog_of(hands)
    monkeypatch.setattr(loading, "prepare_model", wait_for_cancel)
    dialog.search.setText(str(tiny_llama.folder))
    dialog.open_button.click()
    hands.qtbot.waitUntil(lambda: "Importing torch" in [text for text, _ in hands.progress])
    assert dialog.cancel.isVisible()
    dialog.cancel.click()
    hands.wait_until_quiet()
    assert dialog._text.text() == "Stopped. What was downloaded is kept."
    assert hands.session.model == hands.controller.info.name  # type: ignore[union-attr]


def test_that_the_card_compares_half_precision(open_window: Opener, tiny_gpt2: TinyModel) -> None:
    hands = open_window("--model", str(tiny_gpt2.folder), "--dtype", "bfloat16")
    card = hands.window.panels["model_card"].page.toPlainText()  # type: ignore[attr-defined]
    assert "bfloat16 against float32" in card
    assert "KL at the last token" in card
