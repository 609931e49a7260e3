"""Hands on the sweep of the real window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gui.panels.sweep_map import SweepMap
from gui.wiring.sweep_map_wiring import SweepMapWiring
from gui.wiring.sweep_wiring import SweepWiring
from tests.gui.hands import PATIENCE_MS, Hands

if TYPE_CHECKING:
    from core.runs.sweep_result import SweepResult
    from gui.sweep import Sweeping


def sweeps(hands: Hands) -> SweepWiring:
    """Return what starts and stops sweeps."""
    return next(each for each in hands.made.wirings if isinstance(each, SweepWiring))


def sweeping(hands: Hands) -> Sweeping:
    """Return the sweep."""
    return sweeps(hands).sweeping


def panel(hands: Hands) -> SweepMap:
    """Return its panel."""
    return hands.window.panel(SweepMap)


def result(hands: Hands) -> SweepResult:
    """Return what is done of it."""
    found = sweeping(hands).result
    assert found is not None
    return found


def sweep(hands: Hands, kind: str = "layer head") -> SweepResult:
    """Sweep with the panel's button, and wait until all is done and drawn."""
    hands.window.docks["sweep_map"].raise_()
    panel(hands).kindChosen.emit(kind)
    hands.click(panel(hands).bar.button)
    wait_until_done(hands)
    return result(hands)


def wait_until_done(hands: Hands) -> None:
    """Wait until all is done and drawn."""
    drawn = next(each for each in hands.made.wirings if isinstance(each, SweepMapWiring))
    hands.qtbot.waitUntil(lambda: not sweeping(hands).running and not drawn.drawing, timeout=PATIENCE_MS)
    hands.wait_until_quiet()
