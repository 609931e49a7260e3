"""The status line: a message and what it stands in front of are never drawn over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QLabel

from gui.status_bar import StatusLine
from gui.theme.theme import Theme
from tests.fixtures.leaks import settle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def seen(status: StatusLine) -> list[str]:
    return [label.text() for label in status.findChildren(QLabel) if label.isVisible() and label.text()]


def test_that_a_message_and_the_model_are_never_seen_at_once(qtbot: QtBot, themed: object) -> None:
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
