"""The token strip as a surface: what it shows, and where its chips stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.surgery.donor_painter import donor_look
from gui.surgery.token_display import describe, faces
from gui.surgery.token_painter import StripLook, TokenPainter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.text.alignment import Alignment
    from core.text.tokens import Tokens
    from gui.theme.theme import Theme

BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
EMPTY = "No tokens yet: type a prompt above, and it appears here cut into the pieces the model reads."
MATCH_IT = "no counterpart, so nothing can be patched here: take Match (M), then click both tokens that belong together"


class TokenSurface(QWidget):
    """Tokens as chips in reading order, and below them those of a counterfactual prompt.

    A cell is a chip by number: the prompt's tokens, then the other prompt's.

    Signals
    -------
    pendingChanged()
        The first token of a pair or of a match was picked, or given up.
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
        self.look.donor = None
        self.focus_index = min(self.focus_index, max(len(self.look.faces) - 1, 0))
        self.look.hover = None
        self.set_pending(None)
        self.arrange()

    def set_donor(self, tokens: Tokens | None, partners: Alignment, matches: Iterable[tuple[int, int]]) -> None:
        """Show a counterfactual prompt below, and which of its tokens stands for which; None for none.

        Parameters
        ----------
        matches : iterable of (int, int)
            Those matches that the user made.
        """
        fits = tokens is not None and self.tokens is not None and len(partners) == len(self.look.faces)
        before, self.look.donor = self.look.donor, None
        if fits and tokens is not None and self.tokens is not None:
            self.look.donor = donor_look(self.tokens, tokens, partners, matches)
            if before is not None and before.tokens == tokens:
                self.look.donor.picked_here, self.look.donor.picked_there = before.picked_here, before.picked_there
        self.focus_index = min(self.focus_index, max(self.n_cells - 1, 0))
        self.look.hover = None
        self.arrange()
        self.pendingChanged.emit()

    @property
    def n_cells(self) -> int:
        """How many tokens are shown of both prompts."""
        return len(self.look.faces) + (len(self.look.donor.faces) if self.look.donor else 0)

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
        self.chips.arrange(self.look, self.width())
        self.show_ring()
        slots = (*self.look.slots, *(self.look.donor.slots if self.look.donor else ()))
        rows = max((slot.row for slot in slots), default=0) + 1
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
        return round(rows * self.chips.row_height(self.look) + self.chips.margin)

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
        """Return the cell at a place; with ``near``, the prompt's token in that row that is closest."""
        look, slots = self.look, self.look.slots
        if not near:
            cells = range(self.n_cells)
            return next((cell for cell in cells if self.chips.cell(look, cell).contains(place)), None)
        if not slots:
            return None
        row = min(max(int(place.y() // self.chips.row_height(look)), 0), slots[-1].row)
        inside = [i for i, slot in enumerate(slots) if slot.row == row] or range(len(slots))
        return min(inside, key=lambda i: abs(self.chips.chip(look, i).center().x() - place.x()))

    def event(self, event: QEvent) -> bool:
        """Explain the token under the pointer; keep the focus ring in step."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            hit = self.token_at(QPointF(event.pos()))
            if hit is None or self.tokens is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.explain(hit), self)
            return True
        if isinstance(event, QFocusEvent):
            self.show_ring(event.reason() in BY_KEY)
        elif event.type() == QEvent.Type.Leave:
            self.look.hover = None
            if self.look.donor is not None:
                self.look.donor.pointer = None
            self.update()
        return super().event(event)

    def explain(self, cell: int) -> str:
        """Return the lines of a token's tip."""
        assert self.tokens is not None, "there are cells only where there are tokens"
        donor, here = self.look.donor, len(self.look.faces)
        if cell < here:
            lines = [describe(self.tokens.items[cell])]
            lines += ["the prediction is read here"] if cell == self.look.read_position else []
            if donor is not None:
                there = donor.partners[cell]
                lines.append(MATCH_IT if there is None else f"counterpart: {describe(donor.tokens.items[there])}")
        else:
            assert donor is not None, "cells after the prompt's are the other one's"
            partner = donor.partner_of(cell - here)
            lines = [f"counterfactual {describe(donor.tokens.items[cell - here])}"]
            lines.append(MATCH_IT if partner is None else f"counterpart: {describe(self.tokens.items[partner])}")
        return "\n".join(lines)

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
        return self._canvas.n_cells

    def name(self, index: int) -> str:
        """Return a token in words."""
        look, here = self._canvas.look, len(self._canvas.look.faces)
        if index >= here:
            return self._name_there(index - here)
        position = look.faces[index].position
        text = repr(self._canvas.tokens.items[index].text) if self._canvas.tokens else ""
        words = [f"token {position} {text}"]
        words += ["chosen"] if position in look.chosen else []
        words += [f"token {letter} of a pair" for letter, _ in look.badges.get(position, [])]
        words += ["has incisions"] if position in look.incised else []
        words += ["the prediction is read here"] if position == look.read_position else []
        words += ["no counterpart"] if look.donor is not None and look.donor.partners[index] is None else []
        return ", ".join(words)

    def _name_there(self, there: int) -> str:
        donor = self._canvas.look.donor
        assert donor is not None, "cells after the prompt's are the other one's"
        partner = donor.partner_of(there)
        words = [f"counterfactual token {there} {donor.tokens.items[there].text!r}"]
        words.append("no counterpart" if partner is None else f"counterpart of token {partner}")
        words += ["another token"] if there in donor.differing else []
        return ", ".join(words)

    def rect(self, index: int) -> QRect:
        """Return where a chip is."""
        return self._canvas.chips.chip(self._canvas.look, index).toAlignedRect()

    def checked(self, index: int) -> bool:
        """Whether a token is chosen."""
        look = self._canvas.look
        return index < len(look.faces) and look.faces[index].position in look.chosen

    def focused(self) -> int:
        """Return the focused token, or -1."""
        return self._canvas.focus_index if self._canvas.hasFocus() and self.count() else -1
