"""The model menu: specimens, downloaded models, and the way to all others."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLabel, QMenu, QWidget, QWidgetAction

from core.models.catalogue import CatalogueEntry, list_models

HEADINGS = {"specimen": "Embedded", "hub": "Downloaded"}


class ModelMenu(QMenu):
    """Offers models; filled afresh whenever it opens.

    Signals
    -------
    modelChosen(str)
        A model's name.
    dialogWanted()
        The dialog with all that can be opened was asked for.
    """

    modelChosen = Signal(str)
    dialogWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Model", parent)
        self._open = ""
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def set_open(self, name: str) -> None:
        """Tell which model is in force; it has a tick from now on."""
        self._open = name

    def _add_heading(self, heading: str) -> None:
        """Add a line that only says what follows; Qt would draw the text of a section in no style sheet's menu."""
        if self.actions():
            self.addSeparator()
        label = QLabel(heading, self)
        label.setProperty("kind", "menu-heading")
        action = QWidgetAction(self)
        action.setText(heading)
        action.setDefaultWidget(label)
        action.setEnabled(False)
        self.addAction(action)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        try:
            entries = list_models()
        except OSError as error:
            entries = ()
            self.addAction(f"The models on this machine cannot be listed: {error.strerror}.").setEnabled(False)
        for kind, heading in HEADINGS.items():
            mine = [entry for entry in entries if entry.kind == kind]
            if mine:
                self._add_heading(heading)
            for entry in mine:
                self._add(entry)
        self.addSeparator()
        self.addAction("Open another model …").triggered.connect(self.dialogWanted)

    def _add(self, entry: CatalogueEntry) -> None:
        words = [entry.family or "unknown family"]
        if entry.n_parameters and entry.memory_bytes:
            words.append(f"{entry.n_parameters / 1e6:,.0f} M parameters, {entry.memory_bytes / 1e6:,.0f} MB")
        text = f"{entry.name}   ({', '.join(words)})"
        action = self.addAction(text.replace("&", "&&"))
        action.setEnabled(entry.supported)
        action.setCheckable(entry.name == self._open)
        action.setChecked(entry.name == self._open)
        action.setToolTip(entry.remark)
        action.triggered.connect(partial(self.modelChosen.emit, entry.name))
