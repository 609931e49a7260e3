"""The token strip: the prompt as the model reads it, and the tools to choose tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from core.sites.selection import ALL, MASK, Selection, at
from gui.surgery.token_canvas import TokenCanvas
from gui.surgery.token_choice import chosen_words
from gui.widgets.elided_label import ElidedLabel

if TYPE_CHECKING:
    from core.text.alignment import Alignment
    from core.text.tokens import Tokens
    from gui.theme.theme import Theme

# Of one prompt, and of two above one another.
ROWS_IN_SIGHT, DOUBLE_ROWS_IN_SIGHT = 3, 2
TOOLS = (
    ("cut", "Cut here", "Choose the tokens that the next incision is made at. Drag for several, double click for all."),
    ("pair", "Pair A–B", "Choose two tokens whose similarity is followed through the layers: first A, then B. (P)"),
    (
        "match",
        "Match",
        "Choose a token and the one of the counterfactual prompt that belongs to it; the same two again part. (M)",
    ),
)
PICKS: tuple[tuple[str, Selection, str], ...] = (
    ("all", ALL, "Choose every token. (A)"),
    ("last", at(-1), "Choose the last token, whatever the prompt."),
    ("mask", MASK, "Choose the masked token."),
)


class TokenStrip(QWidget):
    """A prompt's tokens, what is chosen of them, and the tools to choose.

    Signals
    -------
    selectionChosen(Selection)
        The tokens that the next incision is to be made at.
    pairChosen(int, int)
        Positions of A and B.
    matchToggled(int, int)
        Positions in the prompt and in the counterfactual prompt that are to be matched, or no longer.
    toolChosen(str)
        ``"cut"``, ``"pair"`` or ``"match"``; the strip has already changed to it.
    """

    selectionChosen = Signal(object)
    pairChosen = Signal(int, int)
    matchToggled = Signal(int, int)
    toolChosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.canvas = TokenCanvas(theme, self)
        self.tools: dict[str, QPushButton] = {}
        self.picks: dict[str, QPushButton] = {}
        self.caption = ElidedLabel("muted", self, fills=True)
        self.ask = ElidedLabel("sign-info", self)
        self._scroll = QScrollArea(self)
        self._header = QHBoxLayout()
        self._build()
        self.canvas.selectionChosen.connect(self.selectionChosen)
        self.canvas.pairChosen.connect(self._on_canvas_pair_chosen)
        self.canvas.matchToggled.connect(self.matchToggled)
        self.canvas.toolChosen.connect(self._on_tool_wanted)
        self.canvas.pendingChanged.connect(self._refresh_caption)
        self.canvas.rowsChanged.connect(self._on_canvas_rows_changed)
        self.canvas.focusMoved.connect(self._on_canvas_focus_moved)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.set_tokens(None)

    def add_to_header(self, widget: QWidget) -> None:
        """Put a widget into the row of tools, before the words at its end."""
        self._header.insertSpacing(self._header.indexOf(self.caption), self._theme.pixels(16))
        self._header.insertWidget(self._header.indexOf(self.caption), widget)

    def set_tokens(self, tokens: Tokens | None) -> None:
        """Show the tokens of a prompt, or that there are none."""
        if tokens is not None and len(tokens) == 0:
            tokens = None
        self.canvas.set_tokens(tokens)
        for button in (*self.tools.values(), *self.picks.values()):
            button.setEnabled(tokens is not None)
        self.picks["mask"].setVisible(tokens is not None and bool(tokens.mask_positions))
        self._show_match_tool()

    def set_donor(
        self, tokens: Tokens | None, partners: Alignment = (), matches: Iterable[tuple[int, int]] = ()
    ) -> None:
        """Show a counterfactual prompt below, with what belongs together; None for none.

        Parameters
        ----------
        partners : tuple of (int or None), [token of the prompt]
        matches : iterable of (int, int)
            Those matches that the user made.
        """
        self.canvas.set_donor(tokens, partners, matches)
        self._show_match_tool()

    def _show_match_tool(self) -> None:
        """Offer matching where there is something to match."""
        offered = self.canvas.look.donor is not None
        if not offered and self.canvas.tool == "match":
            self.set_tool("cut")
        self.tools["match"].setVisible(offered)
        self.tools["pair"].setProperty("place", "middle" if offered else "last")
        self.tools["pair"].style().polish(self.tools["pair"])
        self._refresh_caption()

    def set_chosen(self, chosen: tuple[int, ...]) -> None:
        """Show which tokens the next incision is made at."""
        self.canvas.set_chosen(chosen)
        self._refresh_caption()

    def set_pairs(self, pairs: tuple[tuple[int, int, int], ...]) -> None:
        """Show the followed pairs: positions of A and B, and which of the palette's pair colours."""
        self.canvas.look.pairs = pairs
        self.canvas.look.find_badges()
        self.canvas.update()

    def set_read_position(self, position: int | None) -> None:
        """Mark the token at which the prediction is read."""
        self.canvas.look.read_position = position
        self.canvas.update()

    def set_incised(self, positions: Iterable[int]) -> None:
        """Mark the tokens at which incisions are made."""
        self.canvas.look.incised = frozenset(positions)
        self.canvas.update()

    def set_tool(self, tool: str) -> None:
        """Take up a tool: ``"cut"``, ``"pair"`` or ``"match"``. The one in hand is kept, with what it has begun."""
        if tool == self.canvas.tool:
            return
        self.canvas.tool = tool
        self.canvas.give_up()
        self.tools[tool].setChecked(True)
        self._refresh_caption()

    def _build(self) -> None:
        header = self._header
        header.setContentsMargins(0, 0, 0, 0)
        header.setSpacing(0)
        group = QButtonGroup(self)
        for place, (tool, label, help_) in zip(("first", "middle", "last"), TOOLS, strict=True):
            button = self._button(label, help_, "segment")
            button.setCheckable(True)
            button.setProperty("place", place)
            button.clicked.connect(lambda _=False, tool=tool: self._on_tool_wanted(tool))
            group.addButton(button)
            header.addWidget(button)
            self.tools[tool] = button
        self.tools["cut"].setChecked(True)
        self.ask.hide()
        self.ask.setContentsMargins(8, 0, 0, 0)
        header.addWidget(self.ask)
        header.addSpacing(12)
        for label, selection, help_ in PICKS:
            button = self._button(label, help_, "quiet")
            button.clicked.connect(lambda _=False, wanted=selection: self.selectionChosen.emit(wanted))
            header.addWidget(button)
            self.picks[label] = button
        header.addWidget(self.caption, 1)
        self._scroll.setWidget(self.canvas)
        self._scroll.setWidgetResizable(True)
        for ground in (self._scroll.viewport(), self.canvas):
            ground.setAutoFillBackground(False)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(header)
        box.addWidget(self._scroll)

    def _button(self, label: str, help_: str, kind: str) -> QPushButton:
        button = QPushButton(label, self)
        button.setProperty("kind", kind)
        button.setToolTip(help_)
        button.setAccessibleDescription(help_)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _refresh_caption(self) -> None:
        look = self.canvas.look
        count, words = len(look.faces), chosen_words(len(look.chosen), len(look.faces))
        if look.donor is not None and (alone := len(look.donor.unmatched_here)):
            words = f"{alone} of {count} tokens {'has' if alone == 1 else 'have'} no counterpart · {words}"
        self.caption.setText(words)
        asks = "click token A" if look.pending is None else "now click token B"
        if look.donor is not None and self.canvas.tool == "match":
            picked = look.donor.picked_here, look.donor.picked_there
            asks = "click a token, then its counterpart" if picked == (None, None) else "now click its counterpart"
        self.ask.setText(asks)
        self.ask.setVisible(self.canvas.tool != "cut" and count > 0)

    def _on_tool_wanted(self, tool: str) -> None:
        self.set_tool(tool)
        self.toolChosen.emit(tool)

    def _on_canvas_pair_chosen(self, a: int, b: int) -> None:
        self.pairChosen.emit(a, b)
        self._on_tool_wanted("cut")

    def _on_canvas_rows_changed(self, rows: int) -> None:
        most = ROWS_IN_SIGHT if self.canvas.look.donor is None else DOUBLE_ROWS_IN_SIGHT
        shown = rows if rows <= most else most + 0.4
        self._scroll.setFixedHeight(self.canvas.height_of(shown))

    def _on_canvas_focus_moved(self, area: QRect) -> None:
        self._scroll.ensureVisible(area.center().x(), area.center().y(), 0, area.height() // 2 + 2)

    def _on_theme_changed(self) -> None:
        self.caption.setFont(self._theme.font(13))
        self.ask.setFont(self._theme.font(15, bold=True))
        self._on_canvas_rows_changed(self.canvas.rows)
