"""What is out of date is veiled, but not at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QWidget

from gui.theme.theme import Theme
from gui.widgets.stale_veil import StaleVeil

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def veil(qtbot: QtBot) -> StaleVeil:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(300, 200)
    host.show()
    made = StaleVeil(Theme(), host)
    made.setGeometry(host.rect())
    made.host = host  # type: ignore[attr-defined]
    return made


def test_that_an_answer_that_comes_soon_never_flickers(veil: StaleVeil) -> None:
    veil.set_stale(True)
    assert veil.waiting
    assert veil.isHidden()
    veil.set_stale(False)
    assert not veil.waiting
    assert veil.isHidden()


def test_that_the_veil_appears_when_the_answer_takes_long_and_goes_with_it(qtbot: QtBot, veil: StaleVeil) -> None:
    veil.set_stale(True)
    qtbot.waitUntil(veil.isVisible, timeout=2000)
    veil.set_stale(True)
    assert not veil.waiting
    veil.set_stale(False)
    assert veil.isHidden()


def test_that_what_stays_out_of_date_says_so_at_once_and_lastingly(qtbot: QtBot, veil: StaleVeil) -> None:
    veil.set_outdated(True)
    assert veil.isVisible()
    assert veil.mark == veil.accessibleName() == "answers an earlier question"
    veil.set_stale(True)
    assert veil.mark == "answers an earlier question"
    qtbot.waitUntil(lambda: veil.mark == "updating…", timeout=2000)
    veil.set_stale(False)
    assert veil.mark == "answers an earlier question"
    veil.set_outdated(False)
    assert veil.isHidden()
