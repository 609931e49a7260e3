"""What heads were measured to do: from the sheet beside a model to the grid, after somebody has guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal, Slot
from PySide6.QtWidgets import QMenu

from core.anatomy.sheet import sheet_in
from core.errors import SurgeryError
from gui.panels.anatomy import WAITING, AnatomySheet
from gui.widgets.anatomy_words import NO_LABEL, Anatomy, label_title

if TYPE_CHECKING:
    from core.anatomy.roles import HeadNumber
    from core.models.info import ModelInfo
    from gui.main_window import MainWindow
    from gui.run_controller import RunController

SHOWN_ALREADY = "The labels are shown: hide them to guess."


class AnatomyWiring(QObject):
    """Reads the sheet of every model that is opened; labels are hidden until they are asked for.

    Signals
    -------
    changed()
        Another sheet, another guess, or the labels were shown or hidden.
    """

    changed = Signal()

    def __init__(self, controller: RunController, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grid, self._panel = window.grid, window.panel(AnatomySheet)
        self.anatomy: Anatomy | None = None
        self._reason = WAITING
        self._grid.anatomyToggled.connect(self.show_labels)
        self._grid.guessWanted.connect(self._on_grid_guess_wanted)
        controller.modelOpened.connect(self._on_controller_model_opened)
        self._tell()

    @Slot(bool)
    def show_labels(self, shown: bool) -> None:
        """Show the labels, or hide them."""
        if self.anatomy is not None:
            self.anatomy = replace(self.anatomy, shown=shown)
        self._tell()

    def toggle(self) -> None:
        """Show the labels if they are hidden, hide them if they are shown."""
        self.show_labels(self.anatomy is not None and not self.anatomy.shown)

    def guess(self, head: HeadNumber, label: str | None) -> None:
        """Take what somebody thinks a head does: a label's key, empty for none of these; None takes it back."""
        if self.anatomy is None:
            return
        guesses = {each: said for each, said in self.anatomy.guesses.items() if each != head}
        if label is not None:
            guesses[head] = label
        self.anatomy = replace(self.anatomy, guesses=guesses)
        self._tell()

    def guess_menu(self, head: HeadNumber) -> QMenu:
        """Return the menu in which a head is guessed."""
        assert self.anatomy is not None
        menu, guessed = QMenu(self._grid), self.anatomy.guesses.get(head)
        heading = menu.addAction(f"Layer {head[0]}, head {head[1]}: what do you think it is?")
        heading.setEnabled(False)
        menu.addSeparator()
        for key in (*self.anatomy.choices(), NO_LABEL):
            action = menu.addAction(label_title(key).capitalize())
            action.setCheckable(True)
            action.setChecked(guessed == key)
            action.setEnabled(not self.anatomy.shown)
            action.triggered.connect(lambda _=False, key=key: self.guess(head, key))
        menu.addSeparator()
        back = menu.addAction("Take the guess back")
        back.setEnabled(guessed is not None)
        back.triggered.connect(lambda: self.guess(head, None))
        if self.anatomy.shown:
            heading.setText(SHOWN_ALREADY)
        return menu

    @Slot(tuple, QPoint)
    def _on_grid_guess_wanted(self, head: HeadNumber, place: QPoint) -> None:
        menu = self.guess_menu(head)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    @Slot(object, object)
    def _on_controller_model_opened(self, info: ModelInfo, check: object) -> None:
        try:
            self.anatomy, self._reason = Anatomy(sheet_in(info.name, info.n_layers, info.n_heads)), ""
        except SurgeryError as error:
            self.anatomy, self._reason = None, f"{error.message} {error.hint}"
        self._tell()

    def _tell(self) -> None:
        self._grid.set_anatomy(self.anatomy, self._reason)
        self._panel.show_anatomy(self.anatomy, self._reason)
        self.changed.emit()
