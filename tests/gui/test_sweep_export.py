"""The map of a sweep is exported from the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui.panels.sweep_map import EXPORTS
from gui.widgets.sweep_export import exported
from tests.gui.hands import Hands
from tests.gui.sweep_hands import panel, sweep


def export(hands: Hands, monkeypatch: pytest.MonkeyPatch, kind: str, path: Path) -> None:
    """Take an entry of the export menu, and give a file's name in the dialog."""
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: (str(path), ""))
    entries = dict(zip(EXPORTS, panel(hands).export_button.menu().actions(), strict=True))
    entries[kind].trigger()


@pytest.mark.parametrize("kind", EXPORTS)
def test_that_the_map_is_exported(hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    assert not panel(hands).export_button.isVisible()
    sweep(hands)
    assert panel(hands).export_button.isVisible()
    export(hands, monkeypatch, kind, tmp_path / "map")
    shown = panel(hands).picture
    assert shown is not None
    assert (tmp_path / f"map.{kind}").read_bytes() == exported(shown, kind, hands.made.theme)
    assert hands.window.status.currentMessage() == f"Written: {tmp_path / f'map.{kind}'}"


def test_that_an_export_that_cannot_be_written_is_told(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(hands)
    export(hands, monkeypatch, "csv", tmp_path / "no such folder" / "map.csv")
    assert "cannot be written" in hands.notices["sweep export"]
    assert "Choose another place." in hands.notices["sweep export"]
    export(hands, monkeypatch, "csv", tmp_path / "map.csv")
    assert "sweep export" not in hands.notices
