"""Above the grid: which hook point its cells stand for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSpinBox,
    QToolButton,
    QToolTip,
    QWidget,
)

from core.sites.hook_point import HOOK_POINTS
from gui.surgery.grid_points import CHOICES, GridPoints, Group, short_name
from gui.surgery.parameter_field import room_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QAction, QResizeEvent

    from core.models.info import ModelInfo
    from gui.theme.theme import Theme

COLUMNS: tuple[tuple[Group, str], ...] = (("mlp", "MLP"), ("resid", "RESID"))
ALL_NEURONS, LARGEST_NEURON = -1, 10**6
NEURON_HELP = "Which neuron of the layer a cell of the MLP column means; below 0 all of them."


class GridPicker(QWidget):
    """Buttons for what a head's cell means, menus for what a cell of the MLP and RESID columns means.

    Signals
    -------
    pointChosen(str)
        Name of a hook point.
    neuronChosen(int or None)
        A neuron, or None for all.
    """

    pointChosen = Signal(str)
    neuronChosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.caption, self.note = QLabel("Heads", self), QToolButton(self)
        self.heads: dict[str, QPushButton] = {}
        self.menus: dict[Group, QToolButton] = {}
        self.entries: dict[str, QAction] = {}
        self.neuron = QSpinBox(self)
        self._row = QHBoxLayout(self)
        self._build_heads()
        self._row.addStretch(1)
        for group, column in COLUMNS:
            self._build_menu(group, column)
        self._build_neuron()
        self._build_note()
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_points(self, points: GridPoints, refused: Mapping[str, str]) -> None:
        """Show what cells stand for, and what cannot be chosen at the moment, with the reasons."""
        for name, button in self.heads.items():
            self._offer(button, name, refused.get(name))
            button.setChecked(name == points.head)
        for group, column in COLUMNS:
            shown = points.of(group)
            self.menus[group].setText(f"{column} {short_name(shown)}")
            for name in CHOICES[group]:
                self._offer(self.entries[name], name, refused.get(name))
                self.entries[name].setChecked(name == shown)
        self.neuron.setVisible(HOOK_POINTS[points.mlp].per_neuron)
        self.neuron.blockSignals(True)
        self.neuron.setValue(ALL_NEURONS if points.neuron is None else points.neuron)
        self.neuron.blockSignals(False)
        self._give_way()

    def set_info(self, info: ModelInfo | None) -> None:
        """Take how many neurons there are, and what is to be known of this model's sites."""
        neurons = info.d_mlp if info is not None and info.d_mlp else LARGEST_NEURON
        self.neuron.blockSignals(True)
        self.neuron.setRange(ALL_NEURONS, neurons - 1)
        self.neuron.blockSignals(False)
        self._fit_neuron()
        notes = info.notes if info is not None else ()
        self.note.setToolTip("\n".join(notes))
        self.note.setAccessibleDescription(" ".join(notes))
        self.note.setVisible(bool(notes))
        self._give_way()

    def add(self, widget: QWidget) -> None:
        """Put another control at the end."""
        self._row.addWidget(widget)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the caption out where there is no room for it."""
        self._give_way()

    def minimumSizeHint(self) -> QSize:
        """Return room for all but the caption."""
        hint = super().minimumSizeHint()
        own = 0 if self.caption.isHidden() else self.caption.minimumSizeHint().width() + self._row.spacing()
        return QSize(hint.width() - own, hint.height())

    def _give_way(self) -> None:
        own = self.caption.sizeHint().width() + self._row.spacing()
        self.caption.setVisible(self.width() >= self.minimumSizeHint().width() + own)

    def _offer(self, entry: QPushButton | QAction, name: str, refused: str | None) -> None:
        entry.setEnabled(refused is None)
        entry.setToolTip(refused or HOOK_POINTS[name].help)

    def _build_heads(self) -> None:
        self.caption.setProperty("kind", "muted")
        self._row.addWidget(self.caption)
        segments, group = QHBoxLayout(), QButtonGroup(self)
        segments.setSpacing(0)
        names = CHOICES["head"]
        for name in names:
            button = QPushButton(short_name(name), self)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            button.setProperty("tight", True)
            button.setProperty("place", {names[0]: "first", names[-1]: "last"}.get(name, "middle"))
            label = HOOK_POINTS[name].label
            button.setAccessibleName("heads: output" if name == "z" else f"heads: {label}")
            button.clicked.connect(partial(self._on_head_clicked, name))
            group.addButton(button)
            segments.addWidget(button)
            self.heads[name] = button
        self._row.addLayout(segments)

    def _build_menu(self, group: Group, column: str) -> None:
        button, menu = QToolButton(self), QMenu(self)
        button.setProperty("kind", "menu")
        button.setProperty("tight", True)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(f"What a cell of the {column} column means.")
        button.setAccessibleName(f"{column} column")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu.setToolTipsVisible(True)
        for name in CHOICES[group]:
            entry = menu.addAction(f"{short_name(name)}   {HOOK_POINTS[name].label}")
            entry.setCheckable(True)
            entry.triggered.connect(partial(self._on_entry_triggered, name))
            self.entries[name] = entry
        button.setMenu(menu)
        self.menus[group] = button
        self._row.addWidget(button)

    def _build_neuron(self) -> None:
        self.neuron.setProperty("tight", True)
        self.neuron.setLocale(QLocale.c())
        self.neuron.setPrefix("N")
        self.neuron.setSpecialValueText("all")
        self.neuron.setKeyboardTracking(False)
        self.neuron.setToolTip(NEURON_HELP)
        self.neuron.setAccessibleName("neuron")
        self.neuron.valueChanged.connect(self._on_neuron_changed)
        self._row.insertWidget(self._row.indexOf(self.menus["mlp"]) + 1, self.neuron)

    def _build_note(self) -> None:
        self.note.setText("\N{INFORMATION SOURCE}")
        self.note.setAutoRaise(True)
        self.note.setProperty("tight", True)
        self.note.setAccessibleName("about this model's sites")
        self.note.clicked.connect(self._on_note_clicked)
        self._row.addWidget(self.note)

    def _on_head_clicked(self, name: str) -> None:
        self.pointChosen.emit(name)

    def _on_entry_triggered(self, name: str) -> None:
        self.pointChosen.emit(name)

    def _on_neuron_changed(self, value: int) -> None:
        self.neuronChosen.emit(None if value == ALL_NEURONS else value)

    def _on_note_clicked(self) -> None:
        QToolTip.showText(self.note.mapToGlobal(QPoint(0, self.note.height())), self.note.toolTip(), self.note)

    def _on_theme_changed(self) -> None:
        px = self._theme.pixels
        self._row.setContentsMargins(px(10), px(4), px(10), px(2))
        self._row.setSpacing(px(6))
        self.caption.setFont(self._theme.font(13))
        for button in (*self.heads.values(), *self.menus.values(), self.neuron):
            button.setFont(self._theme.font(13))
        self._fit_neuron()
        self._give_way()

    def _fit_neuron(self) -> None:
        """Give the number of the last neuron room."""
        self.neuron.setFixedWidth(room_for(self.neuron, f"{self.neuron.prefix()}{self.neuron.maximum()}", self._theme))
