"""All keys, in two columns."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from gui.widgets.anatomy_words import SWITCH_KEY

MARGIN, GAP = 20, 12
KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Everywhere",
        (
            ("Tab, Shift+Tab", "go through model, prompts, tokens, target, grid, operation, plan and panels"),
            ("Ctrl+Z", "undo"),
            ("Ctrl+Shift+Z, Ctrl+Y", "redo"),
            ("Ctrl+1 to Ctrl+9, Ctrl+Alt+1 to Ctrl+Alt+4", "choose an operation, in their order"),
            ("Ctrl+Backspace", "clear all incisions"),
            ("Ctrl+D, Ctrl+Shift+D", "switch all incisions off, on"),
            ("Ctrl+K, Ctrl+Shift+K", "counterfactual prompt, swap the two prompts"),
            ("Ctrl+Shift+R", "reference prompts"),
            ("F5, Ctrl+.", "run again, cancel"),
            ("Ctrl+G", "continue the prompt, or fill its masks"),
            ("Ctrl+Shift+S", "sweep: the operation at every place, each alone"),
            (SWITCH_KEY, "anatomy: what each head was measured to do"),
            ("Ctrl++, Ctrl+-, Ctrl+0", "larger, smaller, normal text"),
            ("Ctrl+O", "open a model"),
            ("F1", "these keys"),
        ),
    ),
    (
        "Tokens",
        (
            ("Arrows, Shift+Arrows", "move, extend"),
            ("Space", "choose"),
            ("A", "choose all"),
            ("P", "pair two tokens"),
            ("M, then Up, Down", "match a token with one of the counterfactual prompt"),
            ("Esc", "go back"),
        ),
    ),
    (
        "Grid",
        (
            ("Arrows, Shift+Arrows", "move, select a rectangle"),
            ("Space, Enter", "cut"),
            ("Delete", "take incisions away"),
            ("Menu, Shift+F10", "guess what a head does, where it was measured"),
            ("Esc", "give up a drag, or picking a receiver"),
        ),
    ),
    (
        "Plan",
        (
            ("Space", "switch an incision off and on"),
            ("Alt+Up, Alt+Down", "reorder"),
            ("Delete", "remove"),
            ("Menu, Shift+F10", "carry to one receiver, and more"),
        ),
    ),
)


def keys_table() -> str:
    """Return the keys and what they do as rich text."""
    rows = []
    for place, keys in KEYS:
        rows.append(f'<tr><td colspan="2" style="padding-top: 8px"><b>{escape(place)}</b></td></tr>')
        rows += [
            f'<tr><td style="padding-right: 24px; white-space: nowrap">{escape(key)}</td><td>{escape(does)}</td></tr>'
            for key, does in keys
        ]
    return f"<table cellspacing='2'>{''.join(rows)}</table>"


class KeysDialog(QDialog):
    """Shows the keys until it is closed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.table = QLabel(keys_table(), self)
        self.table.setTextFormat(Qt.TextFormat.RichText)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        stack.setSpacing(GAP)
        stack.addWidget(self.table)
        stack.addWidget(buttons)
