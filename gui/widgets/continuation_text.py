"""A continuation as running text whose tokens can be pointed at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QWidget

from gui.widgets.visible_text import visible

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QKeyEvent

    from gui.theme.theme import Theme

TEXT_SIZE, LINE_HEIGHT = 16, 130
LEAST_HEIGHT, LEAST_WIDTH = 44, 120
LINE_END, LINE_SEPARATOR = "\N{RETURN SYMBOL}", "\N{LINE SEPARATOR}"
Run = Literal["clean", "operated"]


@dataclass(frozen=True)
class Piece:
    """A stretch of text.

    Attributes
    ----------
    number : int
        Which of the made tokens it is; -1 for the prompt.
    changed : bool
        Whether the other run made another token here.
    strong : bool
        Whether it stands out from the text round it.
    """

    text: str
    number: int = -1
    changed: bool = False
    strong: bool = False


def readable(text: str) -> str:
    """Return a token's text as it is read: blanks are blanks, and a line that ends is seen to end."""
    if not text:
        return visible(text)
    return "".join(
        LINE_END + LINE_SEPARATOR if character == "\n" else character if character == " " else visible(character)
        for character in text
    )


class ContinuationText(QTextEdit):
    """Shows the prompt's end dimmed and what was made behind it; changed tokens are coloured and underlined.

    Signals
    -------
    pointed(int)
        Which token the mouse or the arrow keys are at; -1 for none.
    """

    pointed = Signal(int)

    def __init__(self, theme: Theme, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._run = theme, run
        self.pieces: tuple[Piece, ...] = ()
        self._starts: list[int] = []
        self._shown = -1
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(f"{run} continuation; the arrow keys go from token to token")
        self.restyle()

    def show_pieces(self, pieces: Sequence[Piece]) -> None:
        """Show a text; what is there already stays, so that it can grow to any length."""
        shown = len(self.pieces)
        if tuple(pieces[:shown]) != self.pieces:
            self.clear()
            self._starts, self._shown, shown = [], -1, 0
        follows = self.verticalScrollBar().value() >= self.verticalScrollBar().maximum()
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        block = QTextBlockFormat()
        block.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setBlockFormat(block)
        for piece in pieces[shown:]:
            self._starts.append(cursor.position())
            text = readable(piece.text)
            bare = text.lstrip(" ")
            # A line under the blank would join two tokens that are marked.
            cursor.insertText(text[: len(text) - len(bare)], self._format(Piece("", piece.number)))
            cursor.insertText(bare, self._format(piece))
        self.pieces = tuple(pieces)
        if follows and shown:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _format(self, piece: Piece) -> QTextCharFormat:
        p, made = self._theme.palette, QTextCharFormat()
        made.setFont(self._theme.font(TEXT_SIZE))
        made.setForeground(QColor(p.text if piece.number >= 0 else p.text_muted))
        if piece.strong:
            made.setFontWeight(QFont.Weight.DemiBold)
        if piece.changed:
            color = QColor(p.operated if self._run == "operated" else p.clean)
            lines = QTextCharFormat.UnderlineStyle
            made.setUnderlineStyle(lines.SingleUnderline if self._run == "operated" else lines.DotLine)
            made.setUnderlineColor(color)
            if self._run == "operated":
                made.setForeground(color)
                made.setFontWeight(QFont.Weight.DemiBold)
        return made

    def show_pointed(self, number: int) -> None:
        """Mark a token, whoever points at it; -1 marks none."""
        self._shown = number
        if number >= 0 and not self.underMouse():
            self._go_to(number)
        marks = []
        for place, piece in enumerate(self.pieces):
            if number >= 0 and piece.number == number:
                mark = QTextEdit.ExtraSelection()
                mark.cursor = QTextCursor(self.document())
                blanks = len(piece.text) - len(piece.text.lstrip(" "))
                mark.cursor.setPosition(self._starts[place] + blanks)
                mark.cursor.setPosition(self._end(place), QTextCursor.MoveMode.KeepAnchor)
                mark.format.setBackground(QColor(self._theme.palette.accent_soft))
                marks.append(mark)
        self.setExtraSelections(marks)

    def _end(self, place: int) -> int:
        after = self._starts[place + 1 :]
        return after[0] if after else self.document().characterCount() - 1

    def number_at(self, place: QPointF) -> int:
        """Return which token is at a place of the viewport; -1 for none."""
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        position = self.document().documentLayout().hitTest(place + QPointF(across, down), Qt.HitTestAccuracy.ExactHit)
        if position < 0 or not self.pieces:
            return -1
        return self.pieces[max(bisect_right(self._starts, position) - 1, 0)].number

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        super().mouseMoveEvent(event)
        if not event.buttons():
            self.pointed.emit(self.number_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        super().leaveEvent(event)
        self.pointed.emit(-1)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusOutEvent(event)
        self.pointed.emit(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        numbers = sorted(piece.number for piece in self.pieces if piece.number >= 0)
        keys = Qt.Key
        now = numbers.index(self._shown) if self._shown in numbers else -1
        to = {
            keys.Key_Right: now + 1,
            keys.Key_Left: max(now - 1, 0),
            keys.Key_Home: 0,
            keys.Key_End: len(numbers) - 1,
        }.get(keys(event.key()))
        if to is None or event.modifiers() or not numbers:
            super().keyPressEvent(event)
            return
        number = numbers[min(to, len(numbers) - 1)]
        self._go_to(number)
        self.pointed.emit(number)

    def _go_to(self, number: int) -> None:
        """Scroll so far that a token is to be seen."""
        for place, piece in enumerate(self.pieces):
            if piece.number == number:
                cursor = QTextCursor(self.document())
                cursor.setPosition(self._starts[place])
                self.setTextCursor(cursor)

    def restyle(self) -> None:
        """Take colours and sizes from the theme again."""
        pieces, self.pieces = self.pieces, ()
        self.clear()
        self._starts = []
        self.setFont(self._theme.font(TEXT_SIZE))
        self.show_pieces(pieces)
        self.show_pointed(-1)
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(self._theme.pixels(LEAST_WIDTH), self._theme.pixels(LEAST_HEIGHT))

    def sizeHint(self) -> QSize:  # noqa: D102
        return self.minimumSizeHint()
