"""Drawing the real window off-screen: wait for the results, save a picture, quit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.events import Failure, Note
    from gui.assembly import Application

# Panels draw and veils lift within this time after the last result.
SETTLING_MS = 400


class Photographer(QObject):
    """Saves a picture of the window once its results are in.

    Signals
    -------
    done(int)
        Exit code: 0, or 1 after a failure; the picture is saved in either case.
    """

    done = Signal(int)

    def __init__(self, application: Application, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._path = path
        self.trouble = ""
        self._settling = QTimer(self, singleShot=True, interval=SETTLING_MS)
        self._settling.timeout.connect(self._on_settling_timeout)
        application.controller.staleChanged.connect(self._on_controller_stale_changed)
        application.controller.failed.connect(self._on_controller_failed)
        application.controller.resolved.connect(self._on_controller_resolved)

    @Slot(bool)
    def _on_controller_stale_changed(self, stale: bool) -> None:
        if stale:
            self._settling.stop()
        else:
            self._settling.start()

    @Slot(object)
    def _on_controller_failed(self, failure: Failure) -> None:
        self.trouble = f"{failure.message} {failure.hint}".strip()
        self._settling.start()

    @Slot(object, object)
    def _on_controller_resolved(self, request: object, notes: tuple[Note, ...]) -> None:
        for note in notes:
            if not note.expected:
                self.trouble = f"{note.message} {note.hint}".strip()

    @Slot()
    def _on_settling_timeout(self) -> None:
        if self._application.controller.busy:
            self._settling.start()
            return
        saved = self._application.window.grab().save(str(self._path), "PNG")
        if not saved:
            self.trouble = f"The picture {self._path} cannot be written. Choose another place."
        self.done.emit(1 if self.trouble else 0)
