"""What stands in the menus."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDockWidget, QMessageBox

from gui.actions.action import ActionSpec
from gui.theme.theme import SCALES

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.theme.theme import Theme
    from gui.wiring.cut_wiring import CutWiring

ABOUT = (
    "Circuit Surgeon\n\nVisual circuit surgery on transformer language models. Every number on screen comes from a "
    "forward pass of the model; the self-check in the status line says whether surgery does there what it says."
)
KEYS = (
    "Tab moves between prompt, tokens, grid and plan.\n"
    "Tokens: arrows move, Space chooses, Shift+arrows extend, A takes all, P pairs two tokens, Esc goes back.\n"
    "Grid: arrows move, Space or Enter cuts, Shift+arrows select a rectangle, Delete takes cuts away.\n"
    "Plan: Space switches a cut off and on, Alt+Up and Alt+Down reorder, Delete removes.\n"
    "Ctrl+1, Ctrl+2, Ctrl+3 choose the operation; Ctrl+Z undoes."
)


def menu_table(
    window: MainWindow, store: SessionStore, controller: RunController, theme: Theme, cuts: CutWiring
) -> tuple[ActionSpec, ...]:
    """Return all entries of all menus, in order."""
    return (
        *_file(window),
        *_edit(store, cuts),
        *_view(window, theme),
        *_run(controller, cuts),
        ActionSpec("&Help", "Keys", lambda: QMessageBox.information(window, "Keys", KEYS), ("F1",)),
        ActionSpec("&Help", "About", lambda: QMessageBox.about(window, "About Circuit Surgeon", ABOUT)),
    )


def _file(window: MainWindow) -> tuple[ActionSpec, ...]:
    menu = window.model_menu
    return (
        ActionSpec("&File", "Open a checkpoint folder …", menu.ask_for_folder, ("Ctrl+O",), "A model on this machine."),
        ActionSpec("&File", "Fetch from the hub …", menu.ask_for_hub_id, ("Ctrl+Shift+O",), "Download a model once."),
        ActionSpec("&File", "-"),
        ActionSpec("&File", "Quit", window.close, ("Ctrl+Q",)),
    )


def _edit(store: SessionStore, cuts: CutWiring) -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("&Edit", "Undo", store.history.undo, ("Ctrl+Z",), "Take the last change back."),
        ActionSpec("&Edit", "Redo", store.history.redo, ("Ctrl+Shift+Z", "Ctrl+Y"), "Make it again."),
        ActionSpec("&Edit", "-"),
        ActionSpec("&Edit", "Clear all cuts", cuts.clear, ("Ctrl+Backspace",), "Take all cuts away."),
        ActionSpec(
            "&Edit", "Switch all cuts off", lambda: cuts.enable_all(False), ("Ctrl+D",), "Keep but do not apply."
        ),
        ActionSpec("&Edit", "Switch all cuts on", lambda: cuts.enable_all(True), ("Ctrl+Shift+D",)),
    )


def _view(window: MainWindow, theme: Theme) -> tuple[ActionSpec, ...]:
    def step(by: int) -> None:
        nearest = min(range(len(SCALES)), key=lambda index: abs(SCALES[index] - theme.scale))
        theme.use(scale=SCALES[min(max(nearest + by, 0), len(SCALES) - 1)])

    docks = tuple(ActionSpec("&View", dock.windowTitle(), partial(_toggle, dock)) for dock in window.docks.values())
    return (
        ActionSpec("&View", "Light", lambda: theme.use(name="light")),
        ActionSpec("&View", "Dark", lambda: theme.use(name="dark")),
        ActionSpec("&View", "-"),
        ActionSpec("&View", "Larger text", lambda: step(1), ("Ctrl++", "Ctrl+="), "For the last row of the room."),
        ActionSpec("&View", "Smaller text", lambda: step(-1), ("Ctrl+-",)),
        ActionSpec("&View", "Normal text", lambda: theme.use(scale=1.0), ("Ctrl+0",)),
        ActionSpec("&View", "-"),
        *docks,
        ActionSpec("&View", "Default layout", window.arrange, (), "Put every panel back."),
    )


def _toggle(dock: QDockWidget) -> None:
    dock.setVisible(not dock.isVisible())


def _run(controller: RunController, cuts: CutWiring) -> tuple[ActionSpec, ...]:
    return (
        ActionSpec("&Run", "Run again", controller.run, ("F5",)),
        ActionSpec("&Run", "Cancel", controller.cancel, ("Ctrl+.",), "Stop what is under way."),
        ActionSpec("&Run", "-"),
        *(
            ActionSpec("&Run", f"Operation: {label}", partial(cuts.choose_operation, key), (f"Ctrl+{number}",))
            for number, (key, label) in enumerate(cuts.operations(), 1)
        ),
    )
