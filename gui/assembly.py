"""The object graph, built once from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gui.actions.action import build_menus
from gui.actions.menu_table import menu_table
from gui.continuation import Continuation
from gui.main_window import MainWindow
from gui.model_library import ModelLibrary
from gui.notifications import Notifications
from gui.run_controller import RunController
from gui.store import SessionStore
from gui.sweep import Sweeping
from gui.wiring.anatomy_wiring import AnatomyWiring
from gui.wiring.cut_wiring import CutWiring
from gui.wiring.generation_wiring import GenerationWiring
from gui.wiring.model_wiring import ModelWiring
from gui.wiring.notice_wiring import NoticeWiring
from gui.wiring.other_texts_wiring import OtherTextsWiring
from gui.wiring.panel_wiring import PanelWiring
from gui.wiring.prompt_wiring import PromptWiring
from gui.wiring.receiver_wiring import ReceiverWiring
from gui.wiring.sweep_export_wiring import SweepExportWiring
from gui.wiring.sweep_map_wiring import SweepMapWiring
from gui.wiring.sweep_wiring import SweepWiring
from gui.wiring.text_fit import TextFit
from gui.wiring.window_wiring import WindowWiring
from gui.worker.model_thread import ModelThread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction

    from core.sessions.session import Session
    from gui.settings import Settings
    from gui.theme.theme import Theme


@dataclass(frozen=True)
class Application:
    """Everything that lives as long as the window."""

    theme: Theme
    store: SessionStore
    thread: ModelThread
    controller: RunController
    notifications: Notifications
    window: MainWindow
    wirings: tuple[object, ...]
    actions: Mapping[str, QAction]

    def close(self) -> None:
        """Stop the model thread and let the window go."""
        self.controller.close()
        # Python lets the store go before the menus; a dying history must not ask them to follow it.
        self.store.history.blockSignals(True)
        self.thread.stop()
        self.window.close()
        self.window.deleteLater()


def assemble(session: Session, theme: Theme, settings: Settings) -> Application:
    """Build window, store, thread and what joins them; nothing is started yet."""
    store = SessionStore(session)
    thread = ModelThread(unfinished=settings.unfinished)
    controller = RunController(store, thread)
    library = ModelLibrary(thread, settings)
    notifications = Notifications()
    window = MainWindow(theme)
    cuts = CutWiring(store, controller, notifications, window.grid, window.brush, window.plan)
    others = OtherTextsWiring(store, controller, notifications, window, settings)
    generation = GenerationWiring(store, Continuation(store, thread, controller), notifications, window)
    anatomy = AnatomyWiring(controller, window)
    sweeps = SweepWiring(store, Sweeping(store, thread, controller), controller, notifications, window)
    wirings = (
        PromptWiring(store, controller, notifications, window.header, window.strip, window.chips),
        others,
        cuts,
        generation,
        sweeps,
        SweepMapWiring(store, sweeps.sweeping, controller, notifications, window),
        SweepExportWiring(notifications, window),
        anatomy,
        ReceiverWiring(store, notifications, window.grid, window.plan),
        PanelWiring(store, controller, window.panels.values()),
        NoticeWiring(controller, notifications, window.header),
        WindowWiring(window, controller, notifications, theme, settings),
        ModelWiring(window, controller, library, theme, settings),
        TextFit(store, window, theme, notifications),
    )
    actions = build_menus(
        window, menu_table(window, store, controller, theme, cuts, others, generation, sweeps, anatomy)
    )
    return Application(theme, store, thread, controller, notifications, window, wirings, actions)
