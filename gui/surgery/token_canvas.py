"""The painted part of the token strip: clicks, drags and keys become wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, Signal

from core.sites.selection import ALL
from gui.surgery.cell_access import announce_focus, make_accessible
from gui.surgery.token_choice import as_selection, extended, span, toggled
from gui.surgery.token_display import above_or_below
from gui.surgery.token_surface import TokenSurface

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent
    from PySide6.QtWidgets import QWidget

    from core.text.tokens import Tokens
    from gui.theme.theme import Theme

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
ROWS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class TokenCanvas(TokenSurface):
    """The chips that are clicked, dragged over and walked by keys.

    Signals
    -------
    selectionChosen(Selection), pairChosen(int, int), toolChosen(str)
        As in ``TokenStrip``.
    focusMoved(QRect)
        The focused chip should be in sight.
    """

    selectionChosen = Signal(object)
    pairChosen = Signal(int, int)
    toolChosen = Signal(str)
    focusMoved = Signal(QRect)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.tool = "cut"
        self._anchor = 0
        self._drag: tuple[int, tuple[int, ...], bool] | None = None

    def set_tokens(self, tokens: Tokens | None) -> None:
        """Show other tokens; a drag over the old ones ends."""
        self._drag = None
        super().set_tokens(tokens)
        self._anchor = self.focus_index

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
            base, add = self.chosen, hit not in self.chosen
        self._drag = (first, base, add)
        self._move_focus(hit, anchor=first)
        self._preview(hit)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the choice, or show what is under the pointer."""
        if self._drag is not None:
            hit = self.token_at(event.position(), near=True)
            if hit is not None and hit != self.focus_index:
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
        wanted = self._wanted(self.focus_index)
        self._drag = None
        self.look.chosen = frozenset(self.chosen)
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
                self._pair_with(self.focus_index)
            else:
                self._choose(toggled(self.chosen, self.focus_index) if key == Qt.Key.Key_Space else (self.focus_index,))
        elif key == Qt.Key.Key_A and self.look.faces:
            self.selectionChosen.emit(ALL)
        elif key == Qt.Key.Key_P and not keys & CONTROL:
            self.toolChosen.emit("pair")
        elif key == Qt.Key.Key_Escape and (self.tool == "pair" or self._drag):
            self._drag, self.look.chosen = None, frozenset(self.chosen)
            self.toolChosen.emit("cut")
            self.update()
        else:
            super().keyPressEvent(event)

    def _key_target(self, key: Qt.Key) -> int | None:
        last = len(self.look.faces) - 1
        if key in STEPS:
            return min(max(self.focus_index + STEPS[key], 0), last)
        if key in ROWS:
            return above_or_below(self.look.slots, self.focus_index, ROWS[key])
        return {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}.get(key)

    def _move_focus(self, index: int, anchor: int | None = None) -> None:
        self.focus_index, self._anchor = index, index if anchor is None else anchor
        self.show_ring(True)
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


make_accessible(TokenCanvas)
