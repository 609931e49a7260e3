"""What can be done with one row of the plan list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint

    from gui.surgery.plan_view import PlanView

CARRY_HELP = "Path patching: the change reaches only the query, key or value of one later head, or the logits."
NOTHING_AFTER = "Nothing comes after the logits that a change could be carried to."
SPREAD_HELP = "Let the change reach everything that comes after it."


def show_menu(view: PlanView, row: int, place: QPoint) -> QMenu:
    """Open the menu of a row at a place of the screen, and return it."""
    shown = view.rows[row]
    menu = QMenu(view)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    carry = menu.addAction("Carry to another receiver …" if shown.receiver else "Carry to one receiver …")
    carry.setToolTip(CARRY_HELP if shown.carries else NOTHING_AFTER)
    carry.setEnabled(shown.carries)
    carry.triggered.connect(lambda: view.carryWished.emit(row))
    spread = menu.addAction("Spread everywhere")
    spread.setToolTip(SPREAD_HELP)
    spread.setEnabled(bool(shown.receiver))
    spread.triggered.connect(lambda: view.spreadWished.emit(row))
    menu.addSeparator()
    switch = menu.addAction("Switch off" if shown.enabled else "Switch on")
    switch.triggered.connect(lambda: view.enabledChanged.emit(row, not shown.enabled))
    remove = menu.addAction("Remove")
    remove.triggered.connect(lambda: view.removed.emit(row))
    menu.popup(place)
    return menu
