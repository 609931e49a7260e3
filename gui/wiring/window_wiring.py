"""Model menu, notices, status line and settings: between the window's frame and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import CheckReport
    from gui.main_window import MainWindow
    from gui.notifications import Notifications
    from gui.run_controller import RunController
    from gui.settings import Settings
    from gui.theme.theme import Theme


def restore_layout(window: MainWindow, settings: Settings) -> bool:
    """Put the window and its docks where they were when it was closed; return whether that is known."""
    if settings.layout is None:
        return False
    geometry, state = settings.layout
    return window.restoreGeometry(geometry) and window.restoreState(state)


class WindowWiring(QObject):
    """Serves the parts of the frame that belong to no panel."""

    def __init__(
        self,
        window: MainWindow,
        controller: RunController,
        notifications: Notifications,
        theme: Theme,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window, self._controller, self._theme, self._settings = window, controller, theme, settings
        window.model_menu.modelChosen.connect(self._on_model_menu_model_chosen)
        window.notices.dismissed.connect(notifications.withdraw)
        window.status.cancelWanted.connect(controller.cancel)
        window.closing.connect(self._on_window_closing)
        notifications.changed.connect(window.notices.set_notices)
        controller.progressed.connect(window.status.show_progress)
        controller.openingChanged.connect(window.header.set_opening)
        controller.modelOpened.connect(self._on_controller_model_opened)
        controller.resultReady.connect(window.status.show_result)
        theme.changed.connect(self._on_theme_changed)

    @Slot(str)
    def _on_model_menu_model_chosen(self, name: str) -> None:
        self._controller.open_model(name)

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: CheckReport) -> None:
        self._window.status.show_model(info, check)
        self._window.model_menu.set_open(info.name)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._settings.keep_theme(self._theme.palette.name, self._theme.wanted)

    @Slot()
    def _on_window_closing(self) -> None:
        self._settings.keep_layout(self._window.saveGeometry(), self._window.saveState())
