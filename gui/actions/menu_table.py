"""What stands in the menus."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox

from core.interventions.ops import ordered
from gui.actions.action import ActionSpec, State
from gui.actions.keys_dialog import KeysDialog
from gui.surgery.brush_operations import operation_key
from gui.theme.palette import PALETTES
from gui.theme.theme import SCALES
from gui.widgets.anatomy_words import SWITCH_KEY

if TYPE_CHECKING:
    from gui.main_window import MainWindow
    from gui.run_controller import RunController
    from gui.store import SessionStore
    from gui.theme.theme import Theme
    from gui.wiring.anatomy_wiring import AnatomyWiring
    from gui.wiring.cut_wiring import CutWiring
    from gui.wiring.generation_wiring import GenerationWiring
    from gui.wiring.other_texts_wiring import OtherTextsWiring
    from gui.wiring.sweep_wiring import SweepWiring

ABOUT = (
    "Circuit Surgeon\n\nVisual circuit surgery on transformer language models. Every number on screen comes from a "
    "forward pass of the model; the self-check in the status line says whether surgery does there what it says."
)


def menu_table(
    window: MainWindow,
    store: SessionStore,
    controller: RunController,
    theme: Theme,
    cuts: CutWiring,
    others: OtherTextsWiring,
    generation: GenerationWiring,
    sweeps: SweepWiring,
    anatomy: AnatomyWiring,
) -> tuple[ActionSpec, ...]:
    """Return all entries of all menus, in order."""
    return (
        *_file(window),
        *_edit(store, cuts),
        *_other_texts(window, store, others),
        *_view(window, theme, anatomy),
        *_run(store, controller, cuts, generation, sweeps),
        ActionSpec("&Help", "Keys", lambda: KeysDialog(window).exec(), ("F1",)),
        ActionSpec("&Help", "About", lambda: QMessageBox.about(window, "About Circuit Surgeon", ABOUT)),
    )


def _file(window: MainWindow) -> tuple[ActionSpec, ...]:
    menu = window.model_menu
    return (
        ActionSpec(
            "&File", "Open model …", menu.dialogWanted.emit, ("Ctrl+O",),
            "An embedded or downloaded model, a folder, or one from the hub.",
        ),
        ActionSpec("&File", "-"),
        ActionSpec("&File", "Quit", window.close, ("Ctrl+Q",)),
    )  # fmt: skip


def _edit(store: SessionStore, cuts: CutWiring) -> tuple[ActionSpec, ...]:
    history = store.history
    changed = (store.changed, history.indexChanged)

    def undo() -> State:
        return State(f"Undo: {history.undoText()}" if history.canUndo() else "", history.canUndo())

    def redo() -> State:
        return State(f"Redo: {history.redoText()}" if history.canRedo() else "", history.canRedo())

    def any_cut(*switched: bool) -> State:
        return State(enabled=any(cut.enabled in switched for cut in store.session.plan))

    return (
        ActionSpec("&Edit", "Undo", store.undo, ("Ctrl+Z",), "Take the last change back.", undo, changed),
        ActionSpec("&Edit", "Redo", store.redo, ("Ctrl+Shift+Z", "Ctrl+Y"), "Make it again.", redo, changed),
        ActionSpec("&Edit", "-"),
        ActionSpec(
            "&Edit", "Clear all incisions", cuts.clear, ("Ctrl+Backspace",), "Take all incisions away.",
            partial(any_cut, True, False), changed,
        ),
        ActionSpec(
            "&Edit", "Switch all incisions off", partial(cuts.enable_all, False), ("Ctrl+D",), "Keep but do not apply.",
            partial(any_cut, True), changed,
        ),
        ActionSpec(
            "&Edit", "Switch all incisions on", partial(cuts.enable_all, True), ("Ctrl+Shift+D",), "Apply them again.",
            partial(any_cut, False), changed,
        ),
    )  # fmt: skip


def _other_texts(window: MainWindow, store: SessionStore, others: OtherTextsWiring) -> tuple[ActionSpec, ...]:
    def both() -> State:
        return State(enabled=bool(store.session.donor_prompt.strip()))

    return (
        ActionSpec("&Edit", "-"),
        ActionSpec(
            "&Edit", "Counterfactual prompt …", window.counterfactual.open, ("Ctrl+K",), "The prompt that patches take from.",
        ),
        ActionSpec(
            "&Edit", "Swap the two prompts", others.swap_prompts, ("Ctrl+Shift+K",), "Operate on the other one.",
            both, (store.changed,),
        ),
        ActionSpec(
            "&Edit", "Reference prompts …", others.ask_for_references, ("Ctrl+Shift+R",),
            "What means are taken over and resampling draws from.",
        ),
    )  # fmt: skip


def _view(window: MainWindow, theme: Theme, anatomy: AnatomyWiring) -> tuple[ActionSpec, ...]:
    def step(by: int) -> None:
        nearest = min(range(len(SCALES)), key=lambda index: abs(SCALES[index] - theme.scale))
        theme.use(scale=SCALES[min(max(nearest + by, 0), len(SCALES) - 1)])

    def named(name: str) -> State:
        return State(checked=theme.palette.name == name)

    def larger() -> State:
        crowded = "Larger text (as soon as the window has room)" if theme.scale < theme.wanted else ""
        return State(crowded, enabled=theme.scale < SCALES[-1])

    def labels() -> State:
        known = anatomy.anatomy
        return State(enabled=known is not None, checked=known is not None and known.shown)

    changed = (theme.changed,)
    palettes = (
        ActionSpec(
            "&View", name.capitalize(), partial(theme.use, name=name), state=partial(named, name), follows=changed
        )
        for name in PALETTES
    )
    docks = (ActionSpec("&View", dock.windowTitle(), action=dock.toggleViewAction()) for dock in window.docks.values())
    return (
        *palettes,
        ActionSpec("&View", "-"),
        ActionSpec(
            "&View", "Larger text", partial(step, 1), ("Ctrl++", "Ctrl+="), "For the last row of the room.",
            larger, changed,
        ),
        ActionSpec(
            "&View", "Smaller text", partial(step, -1), ("Ctrl+-",), "For a small screen.",
            lambda: State(enabled=theme.scale > SCALES[0]), changed,
        ),
        ActionSpec("&View", "Normal text", partial(theme.use, scale=1.0), ("Ctrl+0",)),
        ActionSpec("&View", "-"),
        ActionSpec(
            "&View", "Anatomy: labels of heads", anatomy.toggle, (SWITCH_KEY,),
            "Show what each head was measured to do.", labels, (anatomy.changed,),
        ),
        ActionSpec("&View", "-"),
        *docks,
        ActionSpec("&View", "Default layout", window.arrange, (), "Put every panel back."),
    )  # fmt: skip


def _run(
    store: SessionStore,
    controller: RunController,
    cuts: CutWiring,
    generation: GenerationWiring,
    sweeps: SweepWiring,
) -> tuple[ActionSpec, ...]:
    continuation, sweeping = generation.continuation, sweeps.sweeping

    def in_force(key: str) -> State:
        return State(checked=store.session.brush.operation == key)

    def cancel() -> None:
        continuation.stop()
        sweeping.stop()
        controller.cancel()

    def going_on() -> State:
        return State("Stop continuing" if continuation.running else "")

    def sweeping_on() -> State:
        return State("Stop the sweep" if sweeping.running else "")

    return (
        ActionSpec("&Run", "Run again", controller.run_again, ("F5",), "Ask the model once more."),
        ActionSpec(
            "&Run", "Continue the prompt", generation.toggle, ("Ctrl+G",),
            "Go on behind the prompt, or fill its masks, clean and operated.", going_on, (continuation.runningChanged,),
        ),
        ActionSpec(
            "&Run", "Sweep all places", sweeps.toggle, ("Ctrl+Shift+S",), "Run the operation at every place, each alone.",
            sweeping_on, (sweeping.runningChanged,),
        ),
        ActionSpec(
            "&Run", "Cancel", cancel, ("Ctrl+.",), "Stop what is under way.",
            lambda: State(enabled=controller.busy or sweeping.running),
            (controller.busyChanged, continuation.runningChanged, sweeping.runningChanged),
        ),
        ActionSpec("&Run", "-"),
        *(
            ActionSpec(
                "&Run", f"Operation: {each.label}", partial(cuts.choose_operation, each.key), (operation_key(number),),
                state=partial(in_force, each.key), follows=(store.changed,),
            )
            for number, each in enumerate(ordered(), 1)
        ),
    )  # fmt: skip
