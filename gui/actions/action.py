"""One entry of a menu, and menus made from a table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, SignalInstance, Slot
from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow


@dataclass(frozen=True)
class State:
    """How an entry looks at the moment.

    Attributes
    ----------
    text : str
        Empty for the entry's own.
    checked : bool or None
        None where it is nothing to be on or off.
    """

    text: str = ""
    enabled: bool = True
    checked: bool | None = None


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
    state : callable or None
        Returns how the entry looks now.
    follows : tuple of signal
        After each of them the state is asked for again.
    action : QAction or None
        One that Qt has made already.
    """

    menu: str
    text: str
    call: Callable[[], object] | None = None
    keys: tuple[str, ...] = ()
    help: str = ""
    state: Callable[[], State] | None = None
    follows: tuple[SignalInstance, ...] = ()
    action: QAction | None = None


class MenuAction(QAction):
    """An entry that keeps showing the state of what it stands for."""

    def __init__(self, spec: ActionSpec, parent: QObject) -> None:
        super().__init__(spec.text, parent)
        self._spec = spec
        self.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        self.setStatusTip(spec.help)
        self.triggered.connect(self._on_triggered)
        for signal in spec.follows:
            signal.connect(self._refresh)
        self._refresh()

    @Slot()
    def _on_triggered(self) -> None:
        if self._spec.call is not None:
            self._spec.call()
        # Qt has turned the tick over by itself, whatever the call did.
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        if self._spec.state is None:
            return
        state = self._spec.state()
        self.setText((state.text or self._spec.text).replace("&", "&&"))
        self.setEnabled(state.enabled)
        self.setCheckable(state.checked is not None)
        self.setChecked(bool(state.checked))


def build_menus(window: QMainWindow, specs: Iterable[ActionSpec]) -> dict[str, QAction]:
    """Make the window's menus; return the actions by the text of their table."""
    made: dict[str, QAction] = {}
    menus = {}
    for spec in specs:
        if spec.menu not in menus:
            menus[spec.menu] = window.menuBar().addMenu(spec.menu)
        menu = menus[spec.menu]
        if spec.text == "-":
            menu.addSeparator()
            continue
        action = spec.action or MenuAction(spec, menu)
        menu.addAction(action)
        made[spec.text] = action
    return made
