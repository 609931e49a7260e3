"""The map of a sweep into a file: asks where to, writes it, and says what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from gui.notifications import Notice
from gui.panels.sweep_map import SweepMap
from gui.widgets.sweep_export import exported, suggested_name

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.notifications import Notifications

NOTICE = "sweep export"
TOLD_MS = 6000


class SweepExportWiring(QObject):
    """Writes what the panel of the sweep shows."""

    def __init__(self, notifications: Notifications, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifications, self._window = notifications, window
        self._panel = window.panel(SweepMap)
        self._panel.exportWanted.connect(self._on_panel_export_wanted)

    @Slot(str)
    def _on_panel_export_wanted(self, kind: str) -> None:
        shown = self._panel.picture
        if shown is None:
            return
        name, files = suggested_name(shown.result, kind), f"{kind.upper()} (*.{kind})"
        path, _ = QFileDialog.getSaveFileName(self._window, "Export the map", name, files)
        if not path:
            return
        out = Path(path) if Path(path).suffix else Path(f"{path}.{kind}")
        self._notifications.withdraw(NOTICE)
        try:
            out.write_bytes(exported(shown, kind, self._panel.theme))
        except OSError as error:
            message = f"The map cannot be written to {out}: {error.strerror}."
            self._notifications.show(Notice(NOTICE, "danger", message, "Choose another place."))
        else:
            self._window.status.showMessage(f"Written: {out}", TOLD_MS)
