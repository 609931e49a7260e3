"""Receivers: from the plan list to the grid, where one is picked, and back into the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.errors import SurgeryError
from core.sessions.receiver_edits import with_receiver
from gui.notifications import Notice

if TYPE_CHECKING:
    from core.interventions.plan import Incision
    from core.sessions.session import Session
    from core.sites.site import Site
    from gui.notifications import Notifications
    from gui.store import SessionStore
    from gui.surgery.head_grid import HeadGrid
    from gui.surgery.plan_list import PlanList


class ReceiverWiring(QObject):
    """Lets the user pick the one receiver that an incision's change is carried to."""

    def __init__(
        self,
        store: SessionStore,
        notifications: Notifications,
        grid: HeadGrid,
        plan: PlanList,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._notifications, self._grid = store, notifications, grid
        self._sender: tuple[int, Incision] | None = None
        plan.carryWished.connect(self._on_plan_carry_wished)
        plan.spreadWished.connect(self._on_plan_spread_wished)
        grid.receiverPicked.connect(self._on_grid_receiver_picked)
        grid.receiverGivenUp.connect(self._leave)
        store.changed.connect(self._on_store_changed)

    @Slot(int)
    def _on_plan_carry_wished(self, index: int) -> None:
        if index < len(self._store.session.plan):
            self._sender = (index, self._store.session.plan[index])
            self._grid.set_sender(self._sender[1].site)

    @Slot(int)
    def _on_plan_spread_wished(self, index: int) -> None:
        self._leave()
        self._store.edit(with_receiver(self._store.session, index, None), "Let an incision spread")

    @Slot(object)
    def _on_grid_receiver_picked(self, receiver: Site) -> None:
        if self._sender is None:
            return
        index, incision = self._sender
        self._leave()
        try:
            after = with_receiver(self._store.session, index, receiver)
        except SurgeryError as error:
            self._notifications.show(Notice("cut", "warning", error.message, error.hint))
            return
        self._store.edit(after, f"Carry {incision.site} to {receiver}")

    @Slot(object, object)
    def _on_store_changed(self, before: Session, after: Session) -> None:
        """Leave off when the incision is no longer there."""
        if self._sender is not None:
            index, incision = self._sender
            if index >= len(after.plan) or after.plan[index] != incision:
                self._leave()

    @Slot()
    def _leave(self) -> None:
        self._sender = None
        self._grid.set_sender(None)
