"""One road for what goes wrong: notices, and what nobody else caught."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QTimer, qWarning
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from gui.notifications import MOST_RECORDS, Notice, Notifications
from tests.gui.hands import Hands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def notifications(qapp: object) -> Notifications:
    return Notifications()


@pytest.fixture
def installed(notifications: Notifications) -> Iterator[Notifications]:
    """Notifications that catch what nobody else caught."""
    notifications.install()
    yield notifications
    notifications.uninstall()


def test_that_a_newer_notice_takes_the_place_of_an_older_one_of_its_kind(notifications: Notifications) -> None:
    for key, message in (("a", "One."), ("b", "Two."), ("a", "Three.")):
        notifications.show(Notice(key, "info", message))
    assert [notice.message for notice in notifications.notices] == ["Two.", "Three."]
    assert len(notifications.records) == 3


def test_that_the_same_notice_is_told_once(notifications: Notifications, qtbot: QtBot) -> None:
    notice = Notice("a", "info", "One.")
    notifications.show(notice)
    with qtbot.assertNotEmitted(notifications.changed):
        notifications.show(Notice("a", "info", "One."))
        notifications.withdraw("b")


def test_that_only_so_many_are_remembered(notifications: Notifications) -> None:
    for number in range(MOST_RECORDS + 50):
        notifications.show(Notice("a", "info", str(number)))
    assert len(notifications.records) == MOST_RECORDS


def test_that_an_exception_nobody_caught_is_told_with_a_report(
    installed: Notifications, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise RuntimeError("the roof came down")
    except RuntimeError:
        sys.excepthook(*sys.exc_info())
    (notice,) = installed.notices
    assert notice.message == "Something unexpected happened: RuntimeError: the roof came down"
    assert "Traceback" in notice.details
    assert "the roof came down" in capsys.readouterr().err


def test_that_an_exception_on_another_thread_is_told_too(
    installed: Notifications, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down() -> None:
        raise RuntimeError("far away")

    thread = threading.Thread(target=break_down)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(installed.notices) == 1)
    assert "far away" in installed.notices[0].message
    assert "far away" in capsys.readouterr().err


def test_that_ctrl_c_stays_what_it_is(installed: Notifications, capsys: pytest.CaptureFixture[str]) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert installed.notices == ()
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_that_what_qt_says_goes_into_the_log(installed: Notifications, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        qWarning("something odd")
        qWarning("This plugin does not support propagateSizeHints()")
    assert [record.getMessage() for record in caplog.records] == ["Qt: something odd"]


def test_that_what_was_there_before_is_put_back(notifications: Notifications) -> None:
    before = (sys.excepthook, threading.excepthook)
    notifications.install()
    assert sys.excepthook is not before[0]
    notifications.uninstall()
    assert (sys.excepthook, threading.excepthook) == before


def test_that_the_window_lives_on_after_a_slot_broke(
    hands: Hands, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    notifications = hands.made.notifications

    def break_down() -> None:
        raise RuntimeError("a slot broke")

    with monkeypatch.context() as patched:
        # What Qt calls for an exception in a slot, in place of the test tools' own.
        patched.setattr(sys, "excepthook", notifications._on_exception)
        timer = QTimer(hands.window)
        timer.setSingleShot(True)
        timer.timeout.connect(break_down)
        timer.start(0)
        hands.qtbot.waitUntil(lambda: bool(hands.notices))
    assert "a slot broke" in hands.notices["unexpected"]
    copy = next(b for b in hands.window.notices.findChildren(QPushButton) if b.text() == "Copy report")
    hands.click(copy)
    assert "break_down" in QGuiApplication.clipboard().text()
    hands.click_cell("L1H2.z")
    assert hands.wait_for_result().effect.changed
    assert "a slot broke" in capsys.readouterr().err
