"""The continuation: between its panel, the session, and what the model thread tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.sessions import edits
from core.sessions.settings import GENERATION
from gui.notifications import Notice
from gui.panels.generation import GenerationPanel

if TYPE_CHECKING:
    from core.runs.events import Failure
    from core.sessions.session import Session
    from gui.continuation import Continuation
    from gui.main_window import MainWindow
    from gui.notifications import Notifications
    from gui.store import SessionStore

NOTICE = "continuation"


class GenerationWiring(QObject):
    """Starts and stops continuations, shows them, and keeps the settings in the session.

    Attributes
    ----------
    continuation : Continuation
    """

    def __init__(
        self,
        store: SessionStore,
        continuation: Continuation,
        notifications: Notifications,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self.continuation, self._notifications = store, continuation, notifications
        self._panel = panel = window.panel(GenerationPanel)
        self._dock = window.docks["generation"]
        panel.settingChanged.connect(self._on_panel_setting_changed)
        panel.startWanted.connect(continuation.start)
        panel.stopWanted.connect(continuation.stop)
        continuation.advanced.connect(panel.show_continued)
        continuation.runningChanged.connect(self._on_continuation_running_changed)
        continuation.failed.connect(self._on_continuation_failed)
        store.changed.connect(self._on_store_changed)
        panel.show_settings(store.session.generation)

    def toggle(self) -> None:
        """Bring the panel to the front and make a continuation, or stop the one under way."""
        self._dock.show()
        self._dock.raise_()
        if self.continuation.running:
            self.continuation.stop()
        else:
            self.continuation.start()

    @Slot(str, object)
    def _on_panel_setting_changed(self, name: str, value: float | str) -> None:
        after = edits.with_generation(self._store.session, **{name: value})
        self._store.edit(after, f"Change {GENERATION[name].label}", group=f"generation {name}")

    @Slot(object, object)
    def _on_store_changed(self, before: Session, after: Session) -> None:
        if after.generation != before.generation:
            self._panel.show_settings(after.generation)

    @Slot(bool)
    def _on_continuation_running_changed(self, running: bool) -> None:
        self._panel.set_running(running)
        if running:
            self._notifications.withdraw(NOTICE)

    @Slot(object)
    def _on_continuation_failed(self, failure: Failure) -> None:
        self._panel.show_failure(f"{failure.message} {failure.hint}".strip())
        if failure.details:
            self._notifications.show(Notice(NOTICE, "danger", failure.message, failure.hint, failure.details))
