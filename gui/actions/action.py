"""One entry of a menu, and menus made from a table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow


@dataclass(frozen=True)
class ActionSpec:
    """An action before it is one.

    Attributes
    ----------
    menu, text : str
        The text ``-`` is a line between entries.
    call : callable or None
    keys : tuple of str
        Shortcuts, the first one is shown.
    help : str
        One sentence for the status line.
    """

    menu: str
    text: str
    call: Callable[[], object] | None = None
    keys: tuple[str, ...] = ()
    help: str = ""


def build_menus(window: QMainWindow, specs: Iterable[ActionSpec]) -> dict[str, QAction]:
    """Make the window's menus; return the actions by their text."""
    made: dict[str, QAction] = {}
    menus = {}
    for spec in specs:
        if spec.menu not in menus:
            menus[spec.menu] = window.menuBar().addMenu(spec.menu)
        menu = menus[spec.menu]
        if spec.text == "-":
            menu.addSeparator()
            continue
        action = menu.addAction(spec.text)
        action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        action.setStatusTip(spec.help)
        if spec.call is not None:
            action.triggered.connect(lambda checked=False, call=spec.call: call())
        made[spec.text] = action
    return made
