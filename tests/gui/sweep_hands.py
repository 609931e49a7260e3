"""Hands on the sweep of the real window."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.runs import sweep as sweep_module
from core.runs import sweep_run
from core.runs.sweep import Tick
from gui.panels.sweep_map import SweepMap
from gui.wiring.sweep_map_wiring import SweepMapWiring
from gui.wiring.sweep_wiring import SweepWiring
from tests.gui.hands import PATIENCE_MS, Hands

if TYPE_CHECKING:
    import pytest

    from core.runs.sweep_result import SweepResult
    from gui.sweep import Sweeping


class Brake:
    """Holds every exact sweep after its first cells: it ticks and ticks, and the model is free in between."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.off = threading.Event()
        self.held = threading.Event()
        run = sweep_module.sweep

        def braked(*args: Any, **named: Any) -> Iterator[object]:
            for found in run(*args, **named):
                yield found
                if not isinstance(found, Tick):
                    self.held.set()
                    while not self.off.wait(0.001):
                        yield Tick(0.01)

        patch.setattr(sweep_run, "sweep", braked)
        patch.setattr("core.runs.sweep_cost.FEWEST_CELLS", 4)
        patch.setattr("core.runs.batch_sizes.ROWS_AT_ONCE", 4)


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


def begin(hands: Hands, brake: Brake) -> None:
    """Start a sweep and wait until it stands after its first cells."""
    hands.window.docks["sweep_map"].raise_()
    sweeps(hands).start()
    hands.qtbot.waitUntil(lambda: sweeping(hands).exact and bool(result(hands).done.any()), timeout=PATIENCE_MS)
    hands.qtbot.waitUntil(brake.held.is_set, timeout=PATIENCE_MS)
