"""The plan: its incisions in order, each of which can be switched, moved and removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.surgery.plan_row import PlanRow, plan_summary
from gui.surgery.plan_view import PlanView
from gui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from gui.theme.theme import Theme


class PlanList(QWidget):
    """The ordered incisions of the plan.

    Signals
    -------
    enabledChanged(int, bool)
        An incision is to be switched on or off.
    removed(int)
    moved(int, int)
        An incision is to be taken out and put back at another index.
    selected(int)
        Which incision the dose control is to edit; -1 for none.
    cleared()
    allEnabled(bool)
    carryWished(int)
        An incision's change is to be carried to one receiver, which is still to be picked.
    spreadWished(int)
        An incision's change is to spread again.
    """

    enabledChanged = Signal(int, bool)
    removed = Signal(int)
    moved = Signal(int, int)
    selected = Signal(int)
    cleared = Signal()
    allEnabled = Signal(bool)
    carryWished = Signal(int)
    spreadWished = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.view = PlanView(theme, self)
        self.caption = ElidedLabel("muted", self)
        self._editing = ""
        self.switch_button = self._button("All off")
        self.clear_button = self._button("Clear")
        self._build()
        self.view.enabledChanged.connect(self.enabledChanged)
        self.view.removed.connect(self.removed)
        self.view.moved.connect(self.moved)
        self.view.rowSelected.connect(self.selected)
        self.view.carryWished.connect(self.carryWished)
        self.view.spreadWished.connect(self.spreadWished)
        self.switch_button.clicked.connect(self._on_switch_button_clicked)
        self.clear_button.clicked.connect(self.cleared)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_rows(())

    def set_rows(self, rows: Iterable[PlanRow]) -> None:
        """Show the plan's incisions."""
        rows = tuple(rows)
        self.view.set_rows(rows)
        on = any(row.enabled for row in rows)
        self._show_caption()
        self.switch_button.setText("All off" if on or not rows else "All on")
        self.switch_button.setToolTip(
            "Switch every incision off, to see the model whole." if on else "Switch every incision on again."
        )
        for button in (self.switch_button, self.clear_button):
            button.setEnabled(bool(rows))

    def set_editing(self, label: str) -> None:
        """Say what the fields edit: an incision such as ``L3H5.z @ 4``, or with "" the next one."""
        self._editing = label
        self._show_caption()

    def set_selected(self, row: int) -> None:
        """Show which incision the dose control edits; -1 for none."""
        self.view.set_selected(row)

    def set_in_hand(self, indices: tuple[int, ...]) -> None:
        """Tint the incisions that the dose control edits, such as those just made, and bring the last into sight."""
        self.view.set_in_hand(indices)

    def _build(self) -> None:
        self.clear_button.setToolTip("Remove every incision. It can be undone.")
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        header = QHBoxLayout()
        header.setContentsMargins(8, 4, 4, 4)
        header.setSpacing(4)
        header.addWidget(self.caption, 1)
        header.addWidget(self.switch_button)
        header.addWidget(self.clear_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(header)
        box.addWidget(self.view, 1)

    def _show_caption(self) -> None:
        edited = f"the fields above edit {self._editing}" if self._editing else ""
        self.caption.setText(", ".join(part for part in (plan_summary(self.view.rows), edited) if part))

    def _button(self, label: str) -> QPushButton:
        button = QPushButton(label, self)
        button.setProperty("kind", "quiet")
        return button

    def _on_switch_button_clicked(self) -> None:
        self.allEnabled.emit(not any(row.enabled for row in self.view.rows))

    def _on_theme_changed(self) -> None:
        self.caption.setFont(self._theme.font(13))
