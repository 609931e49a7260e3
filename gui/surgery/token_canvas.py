"""The painted part of the token strip: clicks, drags and keys become wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.sites.selection import ALL
from gui.surgery.cell_access import announce_focus, make_accessible
from gui.surgery.token_choice import as_selection, extended, span, toggled
from gui.surgery.token_display import above_or_below, describe, faces
from gui.surgery.token_painter import StripLook, TokenPainter

if TYPE_CHECKING:
    from core.text.tokens import Tokens
    from gui.theme.theme import Theme

EMPTY = "No tokens yet: type a prompt above, and it appears here cut into the pieces the model reads."
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
ROWS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class TokenCanvas(QWidget):
    """Tokens as chips in reading order.

    Signals
    -------
    selectionChosen(Selection), pairChosen(int, int), toolChosen(str)
        As in ``TokenStrip``.
    pendingChanged()
        The first token of a pair was picked, or given up.
    rowsChanged(int)
        The chips stand in another number of rows.
    focusMoved(QRect)
        The focused chip should be in sight.
    """

    selectionChosen = Signal(object)
    pairChosen = Signal(int, int)
    toolChosen = Signal(str)
    pendingChanged = Signal()
    rowsChanged = Signal(int)
    focusMoved = Signal(QRect)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.look, self.chips = theme, StripLook(), TokenPainter(theme)
        self.tokens: Tokens | None = None
        self.tool, self.rows = "cut", 1
        self._chosen: tuple[int, ...] = ()
        self._focus = self._anchor = 0
        self._drag: tuple[int, tuple[int, ...], bool] | None = None
        self.setAccessibleName("tokens of the prompt")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        theme.changed.connect(self._on_theme_changed)

    def set_tokens(self, tokens: Tokens | None) -> None:
        """Show other tokens."""
        self.tokens = tokens
        self.look.faces = faces(tokens) if tokens else ()
        self._focus = self._anchor = min(self._focus, max(len(self.look.faces) - 1, 0))
        self._drag, self.look.hover = None, None
        self.set_pending(None)
        self.arrange()

    def set_chosen(self, chosen: tuple[int, ...]) -> None:
        """Show which tokens are chosen."""
        self._chosen, self.look.chosen = chosen, frozenset(chosen)
        self.update()

    def set_pending(self, position: int | None) -> None:
        """Show the token that waits for its partner."""
        self.look.pending = position
        self.pendingChanged.emit()
        self.update()

    def arrange(self) -> None:
        """Put the chips in rows again."""
        self.look.slots = self.chips.arrange(self.look.faces, self.width())
        self.look.focus = self._focus if self.hasFocus() and self.look.faces else None
        rows = self.look.slots[-1].row + 1 if self.look.slots else 1
        self.setMinimumHeight(self.height_of(rows))
        if rows != self.rows:
            self.rows = rows
        self.rowsChanged.emit(rows)
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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a choice, or take the token for a pair."""
        hit = self.token_at(event.position())
        if hit is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.tool == "pair":
            self._move_focus(hit)
            self._pair_with(hit)
            return
        keys = event.modifiers()
        first, add = hit, True
        base: tuple[int, ...] = ()
        if keys & SHIFT:
            first = self._anchor
        elif keys & CONTROL:
            base, add = self._chosen, hit not in self._chosen
        self._drag = (first, base, add)
        self._move_focus(hit, anchor=first)
        self._preview(hit)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the choice, or show what is under the pointer."""
        if self._drag is not None:
            hit = self.token_at(event.position(), near=True)
            if hit is not None and hit != self._focus:
                self._move_focus(hit, anchor=self._anchor)
                self._preview(hit)
            return
        hover = self.token_at(event.position())
        if hover != self.look.hover:
            self.look.hover = hover
            self.setCursor(Qt.CursorShape.ArrowCursor if hover is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say what was chosen."""
        if self._drag is None or event.button() != Qt.MouseButton.LeftButton:
            return
        wanted = self._wanted(self._focus)
        self._drag = None
        self.look.chosen = frozenset(self._chosen)
        self.update()
        self.selectionChosen.emit(as_selection(wanted, len(self.look.faces)))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Choose every token."""
        if self.tool == "pair" or event.modifiers() & (SHIFT | CONTROL):
            self.mousePressEvent(event)
        elif self.token_at(event.position()) is not None:
            self._drag = None
            self.selectionChosen.emit(ALL)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the focus, toggle, extend, or change the tool."""
        key, keys = event.key(), event.modifiers()
        target = self._key_target(Qt.Key(key)) if self.look.faces else None
        if target is not None:
            self._move_focus(target, anchor=self._anchor if keys & SHIFT else target)
            if keys & SHIFT and self.tool == "cut":
                self._choose(span(self._anchor, target))
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.look.faces:
            if self.tool == "pair":
                self._pair_with(self._focus)
            else:
                self._choose(toggled(self._chosen, self._focus) if key == Qt.Key.Key_Space else (self._focus,))
        elif key == Qt.Key.Key_A and self.look.faces:
            self.selectionChosen.emit(ALL)
        elif key == Qt.Key.Key_P and not keys & CONTROL:
            self.toolChosen.emit("pair")
        elif key == Qt.Key.Key_Escape and (self.tool == "pair" or self._drag):
            self._drag, self.look.chosen = None, frozenset(self._chosen)
            self.toolChosen.emit("cut")
            self.update()
        else:
            super().keyPressEvent(event)

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
            self.look.focus = self._focus if event.gotFocus() and self.look.faces else None
            self.update()
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

    def _key_target(self, key: Qt.Key) -> int | None:
        last = len(self.look.faces) - 1
        if key in STEPS:
            return min(max(self._focus + STEPS[key], 0), last)
        if key in ROWS:
            return above_or_below(self.look.slots, self._focus, ROWS[key])
        return {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}.get(key)

    def _move_focus(self, index: int, anchor: int | None = None) -> None:
        self._focus, self._anchor = index, index if anchor is None else anchor
        self.look.focus = index if self.hasFocus() else None
        self.focusMoved.emit(self.chips.cell(self.look.slots[index]).toAlignedRect())
        announce_focus(self)
        self.update()

    def _wanted(self, to: int) -> tuple[int, ...]:
        first, base, add = self._drag or (to, (), True)
        return extended(base, span(first, to), add)

    def _preview(self, to: int) -> None:
        self.look.chosen = frozenset(self._wanted(to))
        self.update()

    def _choose(self, positions: tuple[int, ...]) -> None:
        self.selectionChosen.emit(as_selection(positions, len(self.look.faces)))

    def _pair_with(self, index: int) -> None:
        first = self.look.pending
        if first is None or first == index:
            self.set_pending(index if first is None else None)
            return
        self.set_pending(None)
        self.pairChosen.emit(first, index)

    def _on_theme_changed(self) -> None:
        self.chips.refresh()
        self.arrange()


class TokenCells:
    """What screen readers are told of the tokens."""

    def __init__(self, canvas: TokenCanvas) -> None:
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
        focus = self._canvas.look.focus
        return -1 if focus is None else focus


make_accessible(TokenCanvas)
