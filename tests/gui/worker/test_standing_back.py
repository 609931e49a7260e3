"""The thread that computes stands back behind the window's."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from gui.worker.model_thread import STANDS_BACK, ModelThread

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.skipif(sys.platform != "linux", reason="only there it is counted thread by thread")
def test_that_the_model_thread_stands_back_and_the_windows_does_not(qtbot: QtBot) -> None:
    def mine() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before, found = mine(), list[int]()
    thread = ModelThread()
    # Connected later, so told after the thread has stood back.
    thread._thread.started.connect(lambda: found.append(mine()), Qt.ConnectionType.DirectConnection)
    thread.start()
    try:
        qtbot.waitUntil(lambda: bool(found))
    finally:
        thread.stop()
    assert found == [min(19, before + STANDS_BACK)]
    assert mine() == before
