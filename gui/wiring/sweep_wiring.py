"""The sweep: what is chosen, what it takes, and how far it is; between panel, session and model thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from core.errors import SurgeryError
from core.sessions.sweep_kinds import count_cells, refused_kinds, spec_of
from core.text.locate import found
from gui.notifications import Notice
from gui.panels.sweep_map import SweepMap
from gui.sweep import question
from gui.widgets.sweep_bar import RESUME, START, STOP
from gui.widgets.sweep_words import cost_words, going_words, rest_words

if TYPE_CHECKING:
    from core.models.info import ModelInfo
    from core.runs.events import Failure
    from core.sessions.sweep_spec import SweepSpec
    from core.text.tokens import Tokens
    from gui.main_window import MainWindow
    from gui.notifications import Notifications
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.sweep import Sweeping

NOTICE = "sweep"
# What a sweep takes is measured once nobody has changed anything for this long.
PAUSE_MS = 250
UNKNOWN = "Whether this is faster here is measured along with what a sweep takes."


class SweepWiring(QObject):
    """Lets sweeps be chosen, states their cost, starts and stops them.

    Attributes
    ----------
    sweeping : Sweeping
    """

    def __init__(
        self,
        store: SessionStore,
        sweeping: Sweeping,
        controller: RunController,
        notifications: Notifications,
        window: MainWindow,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self.sweeping, self._notifications = store, sweeping, notifications
        self._panel = panel = window.panel(SweepMap)
        self._dock, self._status = window.docks["sweep_map"], window.status
        self._info: ModelInfo | None = None
        self._tokens: Tokens | None = None
        self._kind, self._layer = "layer head", 0
        self._bf16, self._why_not_bf16 = False, UNKNOWN
        self._priced: object = None
        self._asked: object = None
        self._known: dict[str, str] = {}
        self._pause = QTimer(window, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._ask_for_cost)
        panel.kindChosen.connect(self._on_panel_kind_chosen)
        panel.layerChosen.connect(self._on_panel_layer_chosen)
        panel.bf16Chosen.connect(self._on_panel_bf16_chosen)
        panel.startWanted.connect(self.start)
        panel.stopWanted.connect(sweeping.stop)
        window.status.sweepCancelWanted.connect(sweeping.stop)
        self._dock.visibilityChanged.connect(self._choose_again)
        sweeping.advanced.connect(self._draw)
        sweeping.runningChanged.connect(self._choose_again)
        sweeping.failed.connect(self._on_sweeping_failed)
        store.changed.connect(self._choose_again)
        controller.tokensChanged.connect(self._on_controller_tokens_changed)
        controller.modelOpened.connect(self._on_controller_model_opened)
        window.closing.connect(self._on_window_closing)

    @property
    def spec(self) -> SweepSpec | None:
        """What is chosen to be swept, or None where that cannot be."""
        try:
            return replace(spec_of(self._store.session, self._kind, self._layer), bf16=self._bf16)
        except SurgeryError:
            return None

    def toggle(self) -> None:
        """Bring the panel to the front and sweep, or stop the sweep under way."""
        self._dock.show()
        self._dock.raise_()
        if self.sweeping.running:
            self.sweeping.stop()
        else:
            self.start()

    @Slot()
    def start(self) -> None:
        """Sweep what is chosen, or go on with it."""
        spec = self.spec
        if spec is not None and not self._refusal:
            self._notifications.withdraw(NOTICE)
            self._priced = None  # what is kept of a sweep is asked for anew after another one
            self.sweeping.start(spec)

    @property
    def _refusal(self) -> str:
        """Why what is chosen cannot be swept; empty where it can."""
        if self._info is None or self._tokens is None:
            return "Waiting for the model."
        if not found(self._store.session.chosen, self._tokens):
            return "No token is chosen: click one in the strip."
        return self._refused.get(self._kind, "")

    @property
    def _refused(self) -> dict[str, str]:
        """The kinds that cannot be swept now, with the reasons; asked for again and again while a sweep goes on."""
        session = self._store.session
        asked = (session.brush, session.chosen, self._info, self._layer)
        if asked != self._asked:
            self._asked = asked
            self._known = {} if self._info is None else refused_kinds(session, self._info, self._layer)
        return self._known

    @Slot(str)
    def _on_panel_kind_chosen(self, kind: str) -> None:
        self._kind = kind
        self._choose_again()

    @Slot(int)
    def _on_panel_layer_chosen(self, layer: int) -> None:
        self._layer = layer
        self._choose_again()

    @Slot(bool)
    def _on_panel_bf16_chosen(self, chosen: bool) -> None:
        self._bf16 = chosen
        self._choose_again()

    @Slot(object)
    def _on_sweeping_failed(self, failure: Failure) -> None:
        self._notifications.show(Notice(NOTICE, "danger", failure.message, failure.hint, failure.details))

    @Slot(object)
    def _on_controller_tokens_changed(self, tokens: Tokens) -> None:
        if tokens != self._tokens:
            self._tokens = tokens
            self._choose_again()

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: object) -> None:
        self._info, self._tokens, self._priced = info, None, None
        self._why_not_bf16 = UNKNOWN
        self._layer = min(self._layer, info.n_layers - 1)
        self._panel.bar.set_layers(info.n_layers)
        self._notifications.withdraw(NOTICE)
        self._choose_again()

    @Slot()
    def _on_window_closing(self) -> None:
        self._pause.stop()
        self.sweeping.close()

    @Slot()
    def _choose_again(self) -> None:
        """Show what is chosen, and have its cost measured soon."""
        self._draw()
        if not self.sweeping.running and not self._panel.visibleRegion().isEmpty():
            self._pause.start()

    @Slot()
    def _ask_for_cost(self) -> None:
        spec, sweeping = self.spec, self.sweeping
        if spec is None or self._refusal or sweeping.running or sweeping.resumable(spec) or sweeping.finished(spec):
            return
        asked = (self._info, question(self._store.session, spec))
        if asked != self._priced:
            self._priced = asked
            sweeping.ask_for_cost(spec)

    @Slot()
    def _draw(self) -> None:
        """Show choice, cost and progress as they are now."""
        sweeping, spec, bar = self.sweeping, self.spec, self._panel.bar
        bar.show_kind(self._kind, self._layer, self._refused)
        if sweeping.cost is not None:
            self._why_not_bf16 = sweeping.cost.why_not_bf16
        bar.show_bf16(self._bf16, self._why_not_bf16)
        self._status.show_swept(sweeping.result)
        if sweeping.running:
            share = 0.0 if sweeping.progress is None else sweeping.progress.work
            words = going_words(sweeping.result, sweeping.progress, exact=sweeping.exact)
            bar.set_state(STOP, possible=True)
            self._panel.show_progress(words, share)
            self._status.show_sweep(f"Sweep: {words}", share)
            return
        self._status.show_sweep("", None)
        if spec is None or self._refusal or self._info is None or self._tokens is None:
            bar.set_state(START, possible=False)
            self._panel.show_progress(self._refusal, None)
        elif (part := sweeping.part(spec)) is not None:
            bar.set_state(RESUME, possible=True)
            self._panel.show_progress(rest_words(part), None)
        elif sweeping.result is not None and sweeping.finished(spec):
            bar.set_state(START, possible=True)
            self._panel.show_progress(rest_words(sweeping.result), None)
        else:
            bar.set_state(START, possible=True)
            cells = count_cells(spec, self._info, self._tokens)
            self._panel.show_progress(cost_words(cells, sweeping.cost), None)
