"""One of the two continuations: what it is and how it went above, its text below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.widgets.continuation_text import ContinuationText, Piece, Run
from gui.widgets.elided_label import ElidedLabel
from gui.widgets.number_format import percent, whole
from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.runs.generation import MadeToken
    from gui.theme.theme import Theme

SWATCH = "\N{BLACK SQUARE}"


def token_words(token: MadeToken) -> str:
    """Return a token with the probability and the rank that the model gave it."""
    return f"{visible(token.text)}  {percent(token.prob)}, rank {whole(token.rank)}"


class ContinuationSide(QWidget):
    """A heading, what is to be said of the side or of the token pointed at, and the text."""

    def __init__(self, theme: Theme, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._run = theme, run
        self._tokens: Sequence[MadeToken] = ()
        self._rest = ""
        self.heading = QLabel(self)
        self.words = ElidedLabel("muted", self, fills=True)
        self.text = ContinuationText(theme, run, self)
        self._head, self._box = QHBoxLayout(), QVBoxLayout(self)
        self._head.addWidget(self.heading)
        self._head.addWidget(self.words, 1)
        self._box.addLayout(self._head)
        self._box.addWidget(self.text, 1)
        self.restyle()

    def show_made(self, pieces: Sequence[Piece], tokens: Sequence[MadeToken], rest: str) -> None:
        """Show a text, its tokens, and what is said while none is pointed at."""
        self._tokens, self._rest = tokens, rest
        self.text.show_pieces(pieces)
        self.words.setText(rest)

    def show_pointed(self, number: int) -> None:
        """Mark a token and say how likely it was."""
        self.text.show_pointed(number)
        words = token_words(self._tokens[number]) if 0 <= number < len(self._tokens) else ""
        self.words.setText(words or self._rest)
        self.text.setAccessibleDescription(words)
        self.text.viewport().setToolTip(words)

    def restyle(self) -> None:
        """Take colours and sizes from the theme again."""
        p, px = self._theme.palette, self._theme.pixels
        color = p.operated if self._run == "operated" else p.clean
        self.heading.setText(f"{SWATCH} {self._run}")
        self.heading.setStyleSheet(f"color: {color};")
        for label in (self.heading, self.words):
            label.setFont(self._theme.font(13))
        self._head.setSpacing(px(10))
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(px(4))
        self.text.restyle()
