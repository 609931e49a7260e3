"""The sweep's switch for differences in bf16: offered where they help, and open about their error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.runs.sweep_words import bf16_words
from gui.widgets.sweep_bar import START
from tests.gui.hands import PATIENCE_MS
from tests.gui.sweep_hands import panel, sweep

if TYPE_CHECKING:
    import pytest

    from tests.gui.hands import Hands


def test_that_differences_in_bf16_are_offered_where_they_help_and_their_error_is_stated(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.hooks.differences._pays", lambda _: True)
    bar = panel(hands).bar
    assert not bar.bf16.isEnabled()
    assert not bar.bf16.isChecked()
    hands.window.docks["sweep_map"].raise_()
    hands.qtbot.waitUntil(lambda: "too few" in bar.bf16.toolTip(), timeout=PATIENCE_MS)
    assert not bar.bf16.isEnabled()
    panel(hands).kindChosen.emit("layer token")
    hands.qtbot.waitUntil(bar.bf16.isEnabled, timeout=PATIENCE_MS)
    exact = sweep(hands, "layer token")
    assert (exact.request.method, panel(hands).note.text()) == ("exact", "")
    hands.click(bar.bf16)
    assert bar.bf16.isChecked()
    hands.qtbot.waitUntil(lambda: panel(hands).bar.button.text() == START, timeout=PATIENCE_MS)
    found = sweep(hands, "layer token")
    assert (found.request.method, found.bf16) == ("bf16", True)
    assert panel(hands).note.text() == bf16_words(found)
    assert "cells that were run again" in panel(hands).note.text()


def test_that_bf16_is_refused_with_the_reason_where_the_processor_gains_nothing(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.hooks.differences._pays", lambda _: False)
    hands.window.docks["sweep_map"].raise_()
    panel(hands).kindChosen.emit("layer token")
    hands.qtbot.waitUntil(lambda: "multiplies no faster" in panel(hands).bar.bf16.toolTip(), timeout=PATIENCE_MS)
    assert not panel(hands).bar.bf16.isEnabled()
