"""Wishes for the models in memory reach the thread, also when only the newest is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, QSettings, Signal

from core.runs.events import Failure, ModelsHeld
from core.sessions.desk import TendModels
from gui.model_library import ModelLibrary
from gui.settings import Settings
from tests.gui.dialogs.made_models import KEPT, LISTED, held

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot


class Thread(QObject):
    """Stands in for the model thread: keeps what is put."""

    happened = Signal(int, object)
    ended = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[TendModels] = []

    def put(self, lane: str, job: TendModels) -> int:
        """Take a job and return its generation."""
        assert lane == "shelf"
        self.jobs.append(job)
        return len(self.jobs)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def library(qapp: object, settings: Settings) -> ModelLibrary:
    settings.keep_memory_share(0.3)
    return ModelLibrary(Thread(), settings)  # type: ignore[arg-type]


def jobs(library: ModelLibrary) -> list[TendModels]:
    return library._thread.jobs  # type: ignore[attr-defined]


def test_that_the_kept_share_holds_from_the_start(library: ModelLibrary) -> None:
    assert jobs(library) == [TendModels(share=0.3, listing=False)]


def test_that_each_wish_repeats_those_that_are_not_answered(library: ModelLibrary) -> None:
    library.let_go("a")
    library.refresh()
    library.let_go("b")
    assert jobs(library)[-1] == TendModels(let_go=("a", "b"), share=0.3, listing=True)
    library._thread.ended.emit(2)  # an earlier one
    library.let_go("c")
    assert jobs(library)[-1].let_go == ("a", "b", "c")
    library._thread.ended.emit(len(jobs(library)))
    library.let_go("d")
    assert jobs(library)[-1] == TendModels(let_go=("d",), share=0.3, listing=False)


def test_that_a_share_is_kept_for_the_next_start(library: ModelLibrary, settings: Settings) -> None:
    library.set_share(0.7)
    assert jobs(library)[-1].share == 0.7
    assert settings.memory_share == 0.7


def test_that_folders_opened_before_are_listed(library: ModelLibrary, settings: Settings) -> None:
    settings.keep_folder("/models/one")
    library.refresh()
    assert jobs(library)[-1].folders == ("/models/one",)


def test_that_answers_are_told(library: ModelLibrary, qtbot: QtBot) -> None:
    known = held(("a", True))
    with qtbot.waitSignals([library.heldChanged, library.keptChanged, library.listed, library.failed]):
        library._thread.happened.emit(7, known)
        library._thread.happened.emit(7, KEPT)
        library._thread.happened.emit(7, LISTED)
        library._thread.happened.emit(1, Failure("It cannot be listed."))
    assert isinstance(library.held, ModelsHeld)
    with qtbot.assertNotEmitted(library.failed):
        library._thread.happened.emit(9, Failure("A run failed."))
