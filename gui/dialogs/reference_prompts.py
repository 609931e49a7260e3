"""Choosing reference prompts: a shipped set, a file, or lines of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import SurgeryError
from core.sessions.edits import MOST_REFERENCES
from core.text.prompt_sets import prompt_sets, prompts_of

if TYPE_CHECKING:
    from core.text.prompt_sets import PromptSet

MARGIN, GAP = 20, 10
CHARACTERS, LINES = 84, 16
LEAST_CHARACTERS, LEAST_LINES = 40, 6
ABOUT = (
    "Mean and median over reference prompts, resample, PCA directions and the maps between models take from these. "
    "One prompt a line."
)


def summary(prompts: Sequence[str]) -> str:
    """Return how many prompts there are and how long they are."""
    if not prompts:
        return "no prompts"
    lengths = sorted({len(prompt.split()) for prompt in prompts})
    long = f"{lengths[0]} to {lengths[-1]} words" if len(lengths) > 1 else f"{lengths[0]} words"
    if lengths[-1] == 1:
        long = "1 word"
    count = "1 prompt of" if len(prompts) == 1 else f"{len(prompts)} prompts of"
    return f"{count} {long}" + (" each" if len(lengths) == 1 and len(prompts) > 1 else "")


def lines_of(text: str) -> tuple[str, ...]:
    """Return the prompts of a text, each once."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


class ReferencePrompts(QDialog):
    """The prompts as lines that can be edited, with buttons that fill them in.

    Parameters
    ----------
    prompts : sequence of str
        What is in force.
    """

    def __init__(self, prompts: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Reference prompts")
        self.sets = prompt_sets()
        about = QLabel(ABOUT, self)
        about.setWordWrap(True)
        about.setProperty("kind", "muted")
        self.text = QPlainTextEdit(self)
        self.text.setAccessibleName("Reference prompts, one a line")
        self.text.setPlaceholderText("Choose a set above, load a file, or write one prompt a line.")
        self.text.setTabChangesFocus(True)
        self.count, self.error = QLabel(self), QLabel(self)
        self.error.setProperty("kind", "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.buttons: dict[str, QPushButton] = {}
        kinds = QDialogButtonBox.StandardButton
        self.box = QDialogButtonBox(kinds.Ok | kinds.Cancel, self)
        self.box.accepted.connect(self.accept)
        self.box.rejected.connect(self.reject)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        stack.setSpacing(GAP)
        stack.addWidget(about)
        stack.addLayout(self._sources())
        for widget in (self.text, self.error):
            stack.addWidget(widget)
        last = QHBoxLayout()
        last.addWidget(self.count, 1)
        last.addWidget(self.box)
        stack.addLayout(last)
        self.text.textChanged.connect(self._on_text_changed)
        self.text.setPlainText("\n".join(prompts))
        self._on_text_changed()
        self._fit(parent)

    def _fit(self, parent: QWidget | None) -> None:
        """Take the size that reads well, but no more than the window has."""
        metrics = QFontMetricsF(self.text.font())
        width, height = metrics.averageCharWidth(), metrics.lineSpacing()
        self.text.setMinimumSize(round(width * LEAST_CHARACTERS), round(height * LEAST_LINES))
        room = self.sizeHint()
        wide = max(room.width(), round(width * CHARACTERS) + 2 * MARGIN)
        high = room.height() + round(height * (LINES - LEAST_LINES))
        most = (wide, high) if parent is None else (parent.width(), parent.height())
        self.resize(min(wide, most[0]), min(high, most[1]))

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompts as they stand."""
        return lines_of(self.text.toPlainText())

    def _sources(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for each in self.sets.values():
            button = self._source(f"{each.title} ({len(each.prompts)})", partial(self._fill, each))
            button.setToolTip(f"{each.help} {summary(each.prompts).capitalize()}.")
            self.buttons[each.name] = button
            row.addWidget(button)
        self.buttons["file"] = self._source("Load a text file …", self._ask_for_file)
        self.buttons["clear"] = self._source("Clear", self.text.clear)
        row.addWidget(self.buttons["file"])
        row.addStretch(1)
        row.addWidget(self.buttons["clear"])
        self.buttons["clear"].setProperty("kind", "quiet")
        return row

    def _source(self, label: str, call: object) -> QPushButton:
        button = QPushButton(label, self)
        button.setAutoDefault(False)
        button.clicked.connect(call)
        return button

    def _fill(self, chosen: PromptSet) -> None:
        self.text.setPlainText("\n".join(chosen.prompts))

    @Slot()
    def _ask_for_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Load reference prompts", "", "Text files (*.txt);;All files (*)")
        if path:
            self.load(path)

    def load(self, path: str) -> None:
        """Show the prompts of a text file, or why it cannot be used."""
        try:
            self.text.setPlainText("\n".join(prompts_of(path)))
        except SurgeryError as error:
            self._say(str(error))

    def _say(self, words: str) -> None:
        self.error.setText(words)
        self.error.setVisible(bool(words))

    @Slot()
    def _on_text_changed(self) -> None:
        prompts = self.prompts
        too_many = len(prompts) > MOST_REFERENCES
        self.count.setText(summary(prompts))
        self._say(
            f"At most {MOST_REFERENCES} are taken: take {len(prompts) - MOST_REFERENCES} away." if too_many else ""
        )
        self.box.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not too_many)


def ask_for_references(parent: QWidget, prompts: Sequence[str]) -> tuple[str, ...] | None:
    """Ask for reference prompts; None if the user changed nothing."""
    dialog = ReferencePrompts(prompts, parent)
    agreed = dialog.exec() == QDialog.DialogCode.Accepted
    chosen = dialog.prompts
    dialog.deleteLater()
    return chosen if agreed else None
