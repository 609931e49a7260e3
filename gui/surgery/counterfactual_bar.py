"""What a plan takes from besides the prompt: a counterfactual prompt, reference prompts, a donor model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from gui.widgets.elided_label import ElidedLabel
from gui.widgets.field import TYPING_PAUSE_MS, Field
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gui.theme.theme import Theme

FIELD_PIXELS, WIDTH, LEAST_WIDTH, WIDEST_NAME = 15, 400, 120, 150
SIDES = (
    (
        "prompt",
        "noising",
        "corrupted into clean",
        "The prompt is the clean one: patches bring corrupted activations in.",
    ),
    ("donor", "denoising", "clean into corrupted", "The counterfactual prompt is the clean one: patches bring it in."),
)
OPTIONAL, WANTED = "counterfactual prompt (optional)", "counterfactual prompt: patches take from it …"
USED_BY = "used by mean and median over reference prompts, resample, PCA directions and maps between models"


class CounterfactualBar(QWidget):
    """A line below the prompt; only what is given or needed is to be seen, and without any the line is not.

    Attributes
    ----------
    opener : QPushButton
        Opens the line for a counterfactual prompt; for another place in the window.

    Signals
    -------
    promptEdited(str)
        A little after the last key.
    promptFinished()
        Enter was pressed or the field was left.
    cleared(), swapWanted(), referencesWanted(), donorModelsWanted()
        A button was pressed; the last one's menu is about to show.
    sideChosen(str)
        Which prompt is the clean one: ``"prompt"`` or ``"donor"``.
    donorModelChosen(str)
        Name of a model; empty for none.
    """

    promptEdited = Signal(str)
    promptFinished = Signal()
    cleared = Signal()
    swapWanted = Signal()
    sideChosen = Signal(str)
    referencesWanted = Signal()
    donorModelsWanted = Signal()
    donorModelChosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._opened = self._needed = False
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self.opener = self._button("+ counterfactual prompt", "A second prompt, which patches take from.")
        self.part = QWidget(self)
        self.caption = ElidedLabel("caption", self.part)
        self.caption.setText("Counterfactual")
        self.field = Field(self.part)
        self.field.setAccessibleName("Counterfactual prompt")
        self.caption.setBuddy(self.field)
        self.swap = self._button("⇅", "Swap the two prompts; what was clean stays clean.", "Swap the two prompts")
        self.sides = {side: self._button(name, help_, kind="segment") for side, name, _, help_ in SIDES}
        self.words = ElidedLabel("muted", self.part)
        self.clear = self._button("×", "Take the counterfactual prompt away.", "Take the counterfactual prompt away")
        self.references = self._button("", USED_BY, kind="")
        self.donor = QToolButton(self)
        self._build()
        self._restyle()
        theme.changed.connect(self._restyle)
        for part in (self.references, self.donor):
            part.hide()
        self._show()

    def _button(self, text: str, help_: str, name: str = "", kind: str = "quiet") -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", kind)
        button.setToolTip(help_)
        button.setAccessibleName(name)
        button.setAccessibleDescription(help_)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _build(self) -> None:
        group = QButtonGroup(self)
        segments = QHBoxLayout()
        segments.setSpacing(0)
        for (side, button), place in zip(self.sides.items(), ("first", "last"), strict=True):
            button.setCheckable(True)
            button.setProperty("place", place)
            button.setProperty("tight", "true")
            button.clicked.connect(partial(self.sideChosen.emit, side))
            group.addButton(button)
            segments.addWidget(button)
        self._row = QHBoxLayout(self.part)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.caption)
        self._row.addWidget(self.field, 1)
        self._row.addWidget(self.swap)
        self._row.addLayout(segments)
        self._row.addWidget(self.words)
        self._row.addWidget(self.clear)
        self.donor.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.donor.setProperty("kind", "menu")
        menu = QMenu(self.donor)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.donorModelsWanted)
        self.donor.setMenu(menu)
        self._line = QHBoxLayout(self)
        self._line.addWidget(self.part, 1)
        self._line.addWidget(self.references)
        self._line.addWidget(self.donor)
        self._line.addStretch(0)
        self.opener.clicked.connect(self.open)
        self.swap.clicked.connect(self.swapWanted)
        self.clear.clicked.connect(self._on_clear_clicked)
        self.references.clicked.connect(self.referencesWanted)
        self.field.textEdited.connect(lambda text: self._pause.start())
        self.field.editingFinished.connect(self._on_field_editing_finished)

    @Slot()
    def _restyle(self) -> None:
        px = self._theme.pixels
        self._line.setContentsMargins(px(12), 0, px(12), px(6))
        for row in (self._line, self._row):
            row.setSpacing(px(8))
        self.field.setFont(self._theme.font(FIELD_PIXELS))
        self.field.wish = None
        self.field.wish = QSize(px(WIDTH), self.field.sizeHint().height())
        self.field.setMinimumWidth(px(LEAST_WIDTH))
        self.words.setFont(self._theme.font(13))

    @property
    def typing(self) -> bool:
        """Whether a key was pressed just now and what it typed is not told yet."""
        return self._pause.isActive()

    @Slot()
    def open(self) -> None:
        """Show the field for a counterfactual prompt, ready to type."""
        self._opened = True
        self._show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def _on_clear_clicked(self) -> None:
        self._pause.stop()
        self._opened = False
        self._show()
        self.cleared.emit()

    @Slot()
    def _tell(self) -> None:
        self.promptEdited.emit(self.field.text())

    @Slot()
    def _on_field_editing_finished(self) -> None:
        if self.typing:
            self._pause.stop()
            self._tell()
        self.promptFinished.emit()

    def set_prompt(self, text: str, needed: bool) -> None:
        """Show the counterfactual prompt, without moving the cursor of somebody who types it.

        Parameters
        ----------
        needed : bool
            Whether the field is to be seen also while it is empty.
        """
        self._needed = needed
        if self.field.text() != text and not self.typing:
            with QSignalBlocker(self.field):
                self.field.setText(text)
        if text:
            self._opened = True
        self.field.setPlaceholderText(WANTED if needed else OPTIONAL)
        for button in (self.swap, *self.sides.values()):
            button.setEnabled(bool(text))
        self.clear.setEnabled(bool(text) or not needed)
        self._show()

    def set_direction(self, side: str, words: str) -> None:
        """Show which prompt is the clean one; the words say in full which way a patch goes."""
        self.sides[side].setChecked(True)
        self.words.setText(next(short for key, _, short, _ in SIDES if key == side))
        self.words.setToolTip(words)

    def set_references(self, words: str, tip: str) -> None:
        """Show which reference prompts there are; empty words hide it."""
        self.references.setText(words)
        self.references.setToolTip(f"{tip}\n{USED_BY}".strip())
        self.references.setVisible(bool(words))
        self._show()

    def set_donor_model(self, name: str, needed: bool) -> None:
        """Show which model is transplanted from."""
        room = self._theme.pixels(WIDEST_NAME)
        shown = self.donor.fontMetrics().elidedText(short_name(name), Qt.TextElideMode.ElideMiddle, room)
        self.donor.setText(f"donor: {shown}".replace("&", "&&") if name else "Choose a donor model")
        self.donor.setAccessibleName(f"Donor model: {name or 'none'}")
        self.donor.setToolTip(f"The model that a transplant comes from: {name or 'none yet'}")
        self.donor.setVisible(needed or bool(name))
        self._show()

    def set_donor_models(self, entries: Iterable[tuple[str, str, bool]], chosen: str) -> None:
        """Offer models to transplant from: name, what is known of each, and whether it can be opened."""
        menu = self.donor.menu()
        menu.clear()
        for name, words, can in (("", "no donor", True), *entries):
            action = menu.addAction((f"{name}   ({words})" if name else words).replace("&", "&&"))
            action.setEnabled(can)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            action.triggered.connect(partial(self.donorModelChosen.emit, name))

    def _show(self) -> None:
        self.part.setVisible(self._opened or self._needed)
        self._line.setStretch(3, 0 if self.part.isVisibleTo(self) else 1)
        self.opener.setVisible(not self.part.isVisibleTo(self))
        parts = (self.part, self.references, self.donor)
        self.setVisible(any(part.isVisibleTo(self) for part in parts))
