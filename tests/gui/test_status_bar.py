"""The status line: a message and what it stands in front of are never drawn over each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from core.runs.events import CheckReport
from gui.status_bar import StatusLine, count_words
from gui.theme.theme import Theme
from tests.fixtures.leaks import settle
from tests.gui.made_results import model_info

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def seen(status: StatusLine) -> list[str]:
    return [label.text() for label in status.findChildren(QLabel) if label.isVisible() and label.text()]


def test_that_a_message_and_the_model_are_never_seen_at_once(qtbot: QtBot) -> None:
    theme = Theme("light")
    status = StatusLine(theme)
    qtbot.addWidget(status)
    status.show()
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    assert seen(status) == ["No model yet"]
    status.showMessage("What an entry does.")
    for scale in (1.3, 0.9):
        theme.use(scale=scale)
        settle(application)
        assert seen(status) == ["What an entry does."]
    status.clearMessage()
    settle(application)
    assert seen(status) == ["No model yet"]


@pytest.mark.parametrize(
    ("number", "words"),
    [(24_640, "24.6 K"), (999_960, "1.0 M"), (3_400_000, "3.4 M"), (7_240_000_000, "7.2 B")],
)
def test_that_a_number_of_parameters_has_its_unit(number: int, words: str) -> None:
    assert count_words(number) == words


def test_that_a_tiny_model_is_not_said_to_have_no_parameters_and_take_no_memory(qtbot: QtBot) -> None:
    status = StatusLine(Theme("light"))
    qtbot.addWidget(status)
    status.show()
    status.show_model(replace(model_info(2), n_parameters=24_640, memory_bytes=98_560), CheckReport((), 0.0))
    assert "24.6 K parameters · 99 kB ·" in seen(status)[0]
