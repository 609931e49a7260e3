"""The top line: which model, which prompt, which token to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from gui.widgets.field import TYPING_PAUSE_MS, Field
from gui.widgets.model_name import short_name

if TYPE_CHECKING:
    from gui.theme.theme import Theme

PROMPT_PIXELS = 17
WIDEST_MODEL = 260
TARGET_PIXELS, VERSUS_PIXELS, LEAST_PIXELS = 196, 118, 96


class HeaderBar(QWidget):
    """Model menu, prompt, target and the token it is compared with.

    Signals
    -------
    promptEdited(str)
        A little after the last key.
    promptFinished()
        Enter was pressed or the field was left.
    targetEdited(str), versusEdited(str)
        A little after the last key too; empty for none.
    targetFinished()
        Enter was pressed or one of these two was left.
    """

    promptEdited = Signal(str)
    promptFinished = Signal()
    targetEdited = Signal(str)
    versusEdited = Signal(str)
    targetFinished = Signal()

    def __init__(self, theme: Theme, model_menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._theme = theme
        self._typing, self._target_typing, self._versus_typing = (
            QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS) for _ in range(3)
        )
        self._typing.timeout.connect(self._on_typing_timeout)
        self._target_typing.timeout.connect(self._tell_target)
        self._versus_typing.timeout.connect(self._tell_versus)
        self.model = QToolButton(self)
        self.model.setMenu(model_menu)
        self.model.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.model.setProperty("kind", "menu")
        self.model.setAccessibleName("Model")
        self._model_name = self._opening = ""
        self.prompt = self._field("Type a sentence to operate on …", "Prompt")
        self.target = self._field("likeliest", "Target token")
        self.target.setToolTip("The token whose probability is followed. Empty follows the likeliest one.")
        self.versus = self._field("none", "Token to compare the target with")
        self.versus.setToolTip("A second token: the logit difference of the two is measured.")
        self._lay_out()
        self._restyle()
        theme.changed.connect(self._restyle)
        self.prompt.textEdited.connect(self._on_prompt_text_edited)
        self.prompt.editingFinished.connect(self._on_prompt_editing_finished)
        self.target.textEdited.connect(lambda text: self._target_typing.start())
        self.versus.textEdited.connect(lambda text: self._versus_typing.start())
        # Whether a token is being typed: half a word is no mistake yet.
        self.choosing = False
        for field in (self.target, self.versus):
            field.textEdited.connect(self._on_target_text_edited)
        self.target.editingFinished.connect(self._on_token_editing_finished)
        self.versus.editingFinished.connect(self._on_token_editing_finished)

    def _field(self, hint: str, name: str) -> Field:
        field = Field(self)
        field.setPlaceholderText(hint)
        field.setAccessibleName(name)
        return field

    def _lay_out(self) -> None:
        line = QHBoxLayout(self)
        line.addWidget(self.model)
        for caption, field, stretch in (
            ("Prompt", self.prompt, 1),
            ("Target", self.target, 0),
            ("versus", self.versus, 0),
        ):
            label = QLabel(caption, self)
            label.setProperty("kind", "caption")
            label.setBuddy(field)
            line.addWidget(label)
            line.addWidget(field, stretch)
        self._line = line

    @Slot()
    def _restyle(self) -> None:
        px = self._theme.pixels
        self._line.setContentsMargins(px(12), px(4), px(12), px(6))
        self._line.setSpacing(px(8))
        self.prompt.setFont(self._theme.font(PROMPT_PIXELS))
        for field, width in ((self.target, TARGET_PIXELS), (self.versus, VERSUS_PIXELS)):
            field.setFont(self._theme.font(15))
            field.wish = None
            field.wish = QSize(px(width), field.sizeHint().height())
            field.setMinimumWidth(px(LEAST_PIXELS))
            field.updateGeometry()
        self._show_model()

    @Slot(str)
    def _on_prompt_text_edited(self, text: str) -> None:
        self._typing.start()

    @Slot()
    def _on_typing_timeout(self) -> None:
        self.promptEdited.emit(self.prompt.text())

    @Slot()
    def _on_prompt_editing_finished(self) -> None:
        if self._typing.isActive():
            self._typing.stop()
            self.promptEdited.emit(self.prompt.text())
        self.promptFinished.emit()

    @Slot()
    def _tell_target(self) -> None:
        self._target_typing.stop()
        if self.target.isModified():
            self.target.setModified(False)
            self.targetEdited.emit(self.target.text())

    @Slot()
    def _tell_versus(self) -> None:
        self._versus_typing.stop()
        if self.versus.isModified():
            self.versus.setModified(False)
            self.versusEdited.emit(self.versus.text())

    @Slot(str)
    def _on_target_text_edited(self, text: str) -> None:
        self.choosing = True

    @Slot()
    def _on_token_editing_finished(self) -> None:
        """Tell both fields' tokens: what was not typed afresh is not told again."""
        self._tell_target()
        self._tell_versus()
        self.choosing = False
        self.targetFinished.emit()

    def set_model(self, name: str) -> None:
        """Show which model is in force; of a folder the last part."""
        self._model_name, self._opening = name, ""
        self._show_model()

    def set_opening(self, name: str) -> None:
        """Show which model is being opened; an empty name shows again the one in force."""
        self._opening = name
        self._show_model()

    def _show_model(self) -> None:
        name = self._opening or self._model_name
        self.model.setToolTip(f"Which model is operated on: {name}" if name else "Which model is operated on")
        room = self._theme.pixels(WIDEST_MODEL)
        words = f"Opening {short_name(name)} …" if self._opening else short_name(name)
        shown = self.model.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, room)
        self.model.setText(shown.replace("&", "&&") or "Choose a model")

    @property
    def typing(self) -> bool:
        """Whether a key was pressed just now and what it typed is not told yet."""
        return any(timer.isActive() for timer in (self._typing, self._target_typing, self._versus_typing))

    def set_prompt(self, text: str) -> None:
        """Show a prompt, without moving the cursor of somebody who types it."""
        if self.prompt.text() != text and not self._typing.isActive():
            with QSignalBlocker(self.prompt):
                self.prompt.setText(text)

    def set_target(self, text: str, hint: str) -> None:
        """Show the target; ``hint`` is what is followed when the field is empty."""
        self.target.setPlaceholderText(hint)
        if not self.target.isModified() and self.target.text() != text:
            self.target.setText(text)

    def set_versus(self, text: str) -> None:
        """Show the token the target is compared with."""
        if not self.versus.isModified() and self.versus.text() != text:
            self.versus.setText(text)
