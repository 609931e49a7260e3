"""What is remembered between two starts, and what is passed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QByteArray, QSettings

from gui.app import preferred_theme
from gui.assembly import assemble
from gui.settings import LAYOUT_VERSION, MOST_FOLDERS, Settings
from gui.theme.theme import Theme
from gui.wiring.window_wiring import restore_layout
from tests.gui.wiring.sessions import SESSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gui.assembly import Application


@pytest.fixture
def store(qapp: object, tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def assembled(qapp: object) -> Iterator[Callable[[Settings], Application]]:
    """Return what makes the application with some settings."""
    made: list[Application] = []

    def make(settings: Settings) -> Application:
        made.append(assemble(SESSION, Theme(settings.theme, settings.scale), settings))
        made[-1].window.show()
        return made[-1]

    yield make
    for application in made:
        application.close()


def test_that_theme_and_text_size_are_remembered_when_they_change(
    store: QSettings, assembled: Callable[[Settings], Application]
) -> None:
    made = assembled(Settings(store))
    made.theme.use(name="dark", scale=1.3)
    store.sync()
    later = Settings(QSettings(store.fileName(), QSettings.Format.IniFormat))
    assert (later.theme, later.scale, later.has_theme) == ("dark", 1.3, True)
    assert preferred_theme(later) == "dark"


def test_that_a_chosen_light_theme_is_kept_whatever_the_desktop_says(store: QSettings) -> None:
    assert not Settings(store).has_theme
    Settings(store).keep_theme("light", 1.0)
    assert preferred_theme(Settings(store)) == "light"


def test_that_the_layout_is_remembered_when_the_window_closes(
    store: QSettings, assembled: Callable[[Settings], Application]
) -> None:
    first = assembled(Settings(store))
    first.window.resize(960, 640)  # Qt keeps it on the screen, and this one is small
    first.window.arrange()
    first.window.docks["cosine_curve"].hide()
    first.window.close()
    second = assembled(Settings(store))
    assert restore_layout(second.window, Settings(store))
    assert second.window.docks["cosine_curve"].isHidden()
    assert not second.window.docks["predictions"].isHidden()
    assert second.window.height() == 640


def test_that_nothing_is_remembered_without_a_store(assembled: Callable[[Settings], Application]) -> None:
    settings = Settings(None)
    made = assembled(settings)
    settings.keep_theme("dark", 2.0)
    assert (settings.theme, settings.scale, settings.layout) == ("light", 1.0, None)
    assert not restore_layout(made.window, settings)


@pytest.mark.parametrize("theme", ["", "pink", 7, None, ["dark"]])
def test_that_a_theme_nobody_knows_is_passed_over(store: QSettings, theme: object) -> None:
    store.setValue("theme", theme)
    assert Settings(store).theme == "light"


@pytest.mark.parametrize("scale", ["", "large", "nan", "inf", -1, 0, 99, None, ["1.3"]])
def test_that_a_text_size_that_is_none_is_passed_over(store: QSettings, scale: object) -> None:
    store.setValue("scale", scale)
    assert Settings(store).scale == 1.0


def test_that_folders_are_remembered_once_each_the_latest_first(store: QSettings) -> None:
    settings = Settings(store)
    assert not settings.folders
    for folder in ("/a", "/b", "/a"):
        settings.keep_folder(folder)
    assert Settings(store).folders == ("/a", "/b")
    for number in range(20):
        settings.keep_folder(f"/{number}")
    assert len(settings.folders) == MOST_FOLDERS
    assert settings.folders[0] == "/19"


@pytest.mark.parametrize(("value", "folders"), [("/a", ("/a",)), (7, ()), (None, ()), ([1, "/b", ""], ("/b",))])
def test_that_folders_that_are_none_are_passed_over(store: QSettings, value: object, folders: tuple[str, ...]) -> None:
    store.setValue("folders", value)
    assert Settings(store).folders == folders


@pytest.mark.parametrize(("value", "share"), [(0.3, 0.3), ("0.7", 0.7), (0.0, 0.5), (2, 0.5), ("much", 0.5)])
def test_that_a_share_of_the_memory_that_is_none_is_passed_over(store: QSettings, value: object, share: float) -> None:
    store.setValue("memory_share", value)
    assert Settings(store).memory_share == share


@pytest.mark.parametrize("state", [QByteArray(b"rubbish"), "rubbish", 5, None])
def test_that_a_broken_layout_is_passed_over(
    store: QSettings, assembled: Callable[[Settings], Application], state: object
) -> None:
    store.setValue("geometry", QByteArray(b"rubbish"))
    store.setValue(f"state/{LAYOUT_VERSION}", state)
    made = assembled(Settings(store))
    assert not restore_layout(made.window, Settings(store))
    assert not any(dock.isHidden() for dock in made.window.docks.values())
