"""The token strip as a surface: what it shows, and where its chips stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.surgery.token_display import describe, faces
from gui.surgery.token_painter import StripLook, TokenPainter

if TYPE_CHECKING:
    from core.text.tokens import Tokens
    from gui.theme.theme import Theme

BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
EMPTY = "No tokens yet: type a prompt above, and it appears here cut into the pieces the model reads."


class TokenSurface(QWidget):
    """Tokens as chips in reading order.

    Signals
    -------
    pendingChanged()
        The first token of a pair was picked, or given up.
    rowsChanged(int)
        The chips stand in another number of rows.
    """

    pendingChanged = Signal()
    rowsChanged = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.look, self.chips = theme, StripLook(), TokenPainter(theme)
        self.tokens: Tokens | None = None
        self.rows = 1
        self._ring = False
        self.chosen: tuple[int, ...] = ()
        self.focus_index = 0
        self.setAccessibleName("tokens of the prompt")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        theme.changed.connect(self._on_theme_changed)

    def set_tokens(self, tokens: Tokens | None) -> None:
        """Show other tokens."""
        self.tokens = tokens
        self.look.faces = faces(tokens) if tokens else ()
        self.focus_index = min(self.focus_index, max(len(self.look.faces) - 1, 0))
        self.look.hover = None
        self.set_pending(None)
        self.arrange()

    def set_chosen(self, chosen: tuple[int, ...]) -> None:
        """Show which tokens are chosen."""
        self.chosen, self.look.chosen = chosen, frozenset(chosen)
        self.update()

    def set_pending(self, position: int | None) -> None:
        """Show the token that waits for its partner."""
        self.look.pending = position
        self.pendingChanged.emit()
        self.update()

    def arrange(self) -> None:
        """Put the chips in rows again."""
        self.look.slots = self.chips.arrange(self.look.faces, self.width())
        self.show_ring()
        rows = self.look.slots[-1].row + 1 if self.look.slots else 1
        self.setMinimumHeight(self.height_of(rows))
        self.rows = rows
        self.rowsChanged.emit(rows)
        self.update()

    def show_ring(self, wanted: bool = False) -> None:
        """Show the focus ring while the strip has the focus, once keys or clicks have been used on it."""
        self._ring = self._ring or wanted
        self.look.focus = self.focus_index if self._ring and self.hasFocus() and self.look.faces else None
        self.update()

    def height_of(self, rows: float) -> int:
        """Return the height of some rows."""
        return round(rows * self.chips.row_height + self.chips.margin)

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(self.theme.pixels(480), self.height_of(self.rows))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the chips in rows of the new width."""
        self.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the chips in sight, or what to do when there are none."""
        painter = QPainter(self)
        if self.look.faces:
            self.chips.paint(painter, self.look, event.rect().toRectF())
            return
        painter.setFont(self.theme.font(15))
        painter.setPen(QColor(self.theme.palette.text_muted))
        box = self.rect().adjusted(self.chips.margin, 0, -self.chips.margin, 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, EMPTY)

    def token_at(self, place: QPointF, near: bool = False) -> int | None:
        """Return the token at a place; with ``near``, the one in that row that is closest."""
        slots = self.look.slots
        hit = next((i for i, slot in enumerate(slots) if self.chips.cell(slot).contains(place)), None)
        if hit is not None or not near or not slots:
            return hit
        row = min(max(int(place.y() // self.chips.row_height), 0), slots[-1].row)
        inside = [i for i, slot in enumerate(slots) if slot.row == row]
        return min(inside, key=lambda i: abs(self.chips.chip(slots[i]).center().x() - place.x()))

    def event(self, event: QEvent) -> bool:
        """Explain the token under the pointer; keep the focus ring in step."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            hit = self.token_at(QPointF(event.pos()))
            if hit is None or self.tokens is None:
                QToolTip.hideText()
            else:
                reads = "\nthe prediction is read here" if hit == self.look.read_position else ""
                QToolTip.showText(event.globalPos(), describe(self.tokens.items[hit]) + reads, self)
            return True
        if isinstance(event, QFocusEvent):
            self.show_ring(event.reason() in BY_KEY)
        elif event.type() == QEvent.Type.Leave and self.look.hover is not None:
            self.look.hover = None
            self.update()
        return super().event(event)

    def cell_area(self) -> QWidget:
        """Return the widget that the tokens are painted on."""
        return self

    def cell_source(self) -> TokenCells:
        """Return what screen readers are told."""
        return TokenCells(self)

    def _on_theme_changed(self) -> None:
        self.chips.refresh()
        self.arrange()


class TokenCells:
    """What screen readers are told of the tokens."""

    def __init__(self, canvas: TokenSurface) -> None:
        self._canvas = canvas

    def count(self) -> int:
        """How many tokens there are."""
        return len(self._canvas.look.faces)

    def name(self, index: int) -> str:
        """Return a token in words."""
        look, position = self._canvas.look, self._canvas.look.faces[index].position
        text = repr(self._canvas.tokens.items[index].text) if self._canvas.tokens else ""
        words = [f"token {position} {text}"]
        words += ["chosen"] if position in look.chosen else []
        words += [f"token {letter} of a pair" for letter, _ in look.badges.get(position, [])]
        words += ["has incisions"] if position in look.incised else []
        words += ["the prediction is read here"] if position == look.read_position else []
        return ", ".join(words)

    def rect(self, index: int) -> QRect:
        """Return where a chip is."""
        return self._canvas.chips.chip(self._canvas.look.slots[index]).toAlignedRect()

    def checked(self, index: int) -> bool:
        """Whether a token is chosen."""
        return self._canvas.look.faces[index].position in self._canvas.look.chosen

    def focused(self) -> int:
        """Return the focused token, or -1."""
        return self._canvas.focus_index if self._canvas.hasFocus() and self.count() else -1
