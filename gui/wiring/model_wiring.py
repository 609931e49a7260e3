"""The model dialog, the models in memory and the folders opened before: between dialog, library and the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.paths import specimens
from gui.dialogs.model_dialog import ModelDialog

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import CheckReport, Failure, ModelsHeld
    from gui.main_window import MainWindow
    from gui.model_library import ModelLibrary
    from gui.run_controller import RunController
    from gui.settings import Settings
    from gui.theme.theme import Theme

STOPPED = "Stopped. What was downloaded is kept."


class ModelWiring(QObject):
    """Opens the dialog on demand and keeps it up to date while it is there."""

    def __init__(
        self,
        window: MainWindow,
        controller: RunController,
        library: ModelLibrary,
        theme: Theme,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window, self._controller, self._library = window, controller, library
        self._theme, self._settings = theme, settings
        self.dialog: ModelDialog | None = None
        window.model_menu.dialogWanted.connect(self.show_dialog)
        library.heldChanged.connect(self._on_library_held_changed)
        controller.modelOpened.connect(self._on_controller_model_opened)

    @Slot()
    def show_dialog(self) -> None:
        """Show the dialog, with a fresh list."""
        if self.dialog is None:
            self.dialog = self._made()
        dialog = self.dialog
        if not dialog.isVisible():
            dialog.resize(dialog.sizeHint())
            dialog.search.clear()
        self._library.refresh()
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        dialog.search.setFocus()

    def _made(self) -> ModelDialog:
        dialog, library, controller = (
            ModelDialog(self._theme, self._settings, self._window),
            self._library,
            self._controller,
        )
        dialog.openWanted.connect(controller.open_model)
        dialog.cancelWanted.connect(controller.cancel)
        dialog.shareChosen.connect(library.set_share)
        dialog.letGoWanted.connect(library.let_go)
        library.listed.connect(dialog.show_listing)
        library.heldChanged.connect(dialog.show_held)
        library.keptChanged.connect(dialog.held.show_kept)
        library.failed.connect(self._on_library_failed)
        controller.progressed.connect(dialog.show_progress)
        controller.failed.connect(self._on_controller_failed)
        controller.cancelled.connect(self._on_controller_cancelled)
        controller.modelOpened.connect(dialog.show_model)
        if library.held is not None:
            dialog.show_held(library.held)
        if controller.info is not None:
            dialog.show_model(controller.info)
        return dialog

    @Slot(object)
    def _on_library_held_changed(self, held: ModelsHeld) -> None:
        self._window.status.show_held(held)
        for panel in self._window.panels.values():
            panel.show_held(held)

    @Slot(object)
    def _on_library_failed(self, failure: Failure) -> None:
        self._tell(f"{failure.message} {failure.hint}".strip())

    @Slot(object, str)
    def _on_controller_failed(self, failure: Failure, lane: str) -> None:
        if lane == "model":
            self._tell(f"{failure.message} {failure.hint}".strip())
            self._refresh()

    @Slot(str)
    def _on_controller_cancelled(self, lane: str) -> None:
        if lane == "model":
            self._tell(STOPPED, stopped=True)
            self._refresh()

    def _tell(self, sentence: str, *, stopped: bool = False) -> None:
        if self.dialog is not None:
            self.dialog.show_failure(sentence, stopped=stopped)

    def _refresh(self) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self._library.refresh()

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: CheckReport) -> None:
        path, specimen = Path(info.name).expanduser(), specimens() / info.name
        # A specimen's name goes before a folder of that name.
        if path.is_dir() and not (specimen.parent == specimens() and specimen.is_dir()):
            self._settings.keep_folder(str(path.absolute()))
