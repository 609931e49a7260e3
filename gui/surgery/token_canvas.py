"""The painted part of the token strip: clicks, drags and keys become wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, Signal

from core.sites.selection import ALL
from gui.surgery.cell_access import announce_focus, make_accessible
from gui.surgery.token_choice import as_selection, extended, span, toggled
from gui.surgery.token_display import Slot, above_or_below
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
    selectionChosen(Selection), pairChosen(int, int), matchToggled(int, int), toolChosen(str)
        As in ``TokenStrip``.
    focusMoved(QRect)
        The focused chip should be in sight.
    """

    selectionChosen = Signal(object)
    pairChosen = Signal(int, int)
    matchToggled = Signal(int, int)
    toolChosen = Signal(str)
    focusMoved = Signal(QRect)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.tool = "cut"
        self._anchor = 0
        self._drag: tuple[int, tuple[int, ...], bool] | None = None
        # The cell that a drag to its counterpart began at.
        self._match_from: int | None = None

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
        if self.tool == "match" or hit >= len(self.look.faces):
            self._move_focus(hit)
            self._match_with(hit)
            self._match_from = hit
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
        donor = self.look.donor
        if donor is not None and donor.has_picked:
            donor.pointer = event.position()
            self.update()
        hover = self.token_at(event.position())
        if hover != self.look.hover:
            self.look.hover = hover
            self.setCursor(Qt.CursorShape.ArrowCursor if hover is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Say what was chosen."""
        began, self._match_from = self._match_from, None
        if began is not None:
            hit = self.token_at(event.position())
            if hit is not None and hit != began and self._is_picked(began):
                self._match_with(hit)
            return
        if self._drag is None or event.button() != Qt.MouseButton.LeftButton:
            return
        wanted = self._wanted(self.focus_index)
        self._drag = None
        self.look.chosen = frozenset(self.chosen)
        self.update()
        self.selectionChosen.emit(as_selection(wanted, len(self.look.faces)))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Choose every token."""
        hit = self.token_at(event.position())
        if self.tool != "cut" or event.modifiers() & (SHIFT | CONTROL):
            self.mousePressEvent(event)
        elif hit is not None and hit < len(self.look.faces):
            self._drag = None
            self.selectionChosen.emit(ALL)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the focus, toggle, extend, or change the tool."""
        key, keys = event.key(), event.modifiers()
        target = self._key_target(Qt.Key(key), within=bool(keys & SHIFT)) if self.look.faces else None
        if target is not None:
            extends = bool(keys & SHIFT) and target < len(self.look.faces)
            self._move_focus(target, anchor=self._anchor if extends else target)
            if extends and self.tool == "cut":
                self._choose(span(self._anchor, target))
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.look.faces:
            self._use(self.focus_index, only=key != Qt.Key.Key_Space)
        elif key == Qt.Key.Key_A and self.look.faces:
            self.selectionChosen.emit(ALL)
        elif key == Qt.Key.Key_P and not keys & CONTROL:
            self.toolChosen.emit("pair")
        elif key == Qt.Key.Key_M and not keys & CONTROL and self.look.donor:
            self.toolChosen.emit("match")
        elif key == Qt.Key.Key_Escape and (self.tool != "cut" or self._drag):
            self._drag, self.look.chosen = None, frozenset(self.chosen)
            self.toolChosen.emit("cut")
            self.update()
        else:
            super().keyPressEvent(event)

    def _use(self, cell: int, *, only: bool) -> None:
        """Do with a token what the tool in hand does."""
        if self.tool == "match" or cell >= len(self.look.faces):
            self._match_with(cell)
        elif self.tool == "pair":
            self._pair_with(cell)
        else:
            self._choose((cell,) if only else toggled(self.chosen, cell))

    def _key_target(self, key: Qt.Key, *, within: bool) -> int | None:
        """Return where a key leads; ``within`` the prompt only, else to the other prompt's tokens too."""
        here, there = self.look.slots, self.look.donor.slots if self.look.donor else ()
        focus = self.focus_index
        first, last = (0, len(here) - 1) if focus < len(here) else (len(here), self.n_cells - 1)
        if key in STEPS:
            return min(max(focus + STEPS[key], first), last)
        if key in ROWS:
            if not there or (within and focus < len(here)):
                return above_or_below(here, focus, ROWS[key])
            lines = [Slot(slot.x, slot.width, 2 * slot.row) for slot in here]
            lines += [Slot(slot.x, slot.width, 2 * slot.row + 1) for slot in there]
            steps = (above_or_below(lines, focus, lines_on * ROWS[key]) for lines_on in (1, 2))
            return next((found for found in steps if found != focus), focus)
        return {Qt.Key.Key_Home: first, Qt.Key.Key_End: last}.get(key)

    def _move_focus(self, index: int, anchor: int | None = None) -> None:
        self.focus_index = index
        if index < len(self.look.faces):
            self._anchor = index if anchor is None else anchor
        self.show_ring(True)
        self.focusMoved.emit(self.chips.cell(self.look, index).toAlignedRect())
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

    def _match_with(self, cell: int) -> None:
        """Pick a token, or match it with the one of the other prompt that is picked already."""
        donor = self.look.donor
        if donor is None:
            return
        donor.pointer = None
        if self.tool != "match":
            self.toolChosen.emit("match")
        there = cell - len(self.look.faces)
        if there < 0:
            donor.picked_here = None if donor.picked_here == cell else cell
        else:
            donor.picked_there = None if donor.picked_there == there else there
        if donor.picked_here is not None and donor.picked_there is not None:
            both = donor.picked_here, donor.picked_there
            donor.picked_here = donor.picked_there = donor.pointer = None
            self.matchToggled.emit(*both)
        self.pendingChanged.emit()
        self.update()

    def _is_picked(self, cell: int) -> bool:
        donor, there = self.look.donor, cell - len(self.look.faces)
        return donor is not None and (there == donor.picked_there if there >= 0 else cell == donor.picked_here)

    def give_up(self) -> None:
        """Let go what a pair or a match has begun with."""
        if self.look.donor is not None:
            self.look.donor.picked_here = self.look.donor.picked_there = None
        self.set_pending(None)


make_accessible(TokenCanvas)
