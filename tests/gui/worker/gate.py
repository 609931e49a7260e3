"""A gate inside a model: a run stops before a block until the test lets it go on."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from core.runs import execute
from core.runs.result import RunResult
from tests.gui.hands import Hands

if TYPE_CHECKING:
    from core.models.loaded_model import LoadedModel

PATIENCE = 20.0


def loaded_model(hands: Hands) -> LoadedModel:
    """Return what the model thread holds."""
    loaded = hands.made.thread._worker._desk.loaded
    assert loaded is not None
    return loaded


class Gate:
    """Stops every run before block 1 while it is shut; counts the runs that came to their end.

    Attributes
    ----------
    arrived : threading.Event
        A pass stands before the gate.
    passes : int
        How often block 1 was left, by anything but a sweep.
    runs : int
        How many runs came to a result.
    """

    def __init__(self, hands: Hands) -> None:
        self.arrived, self._open = threading.Event(), threading.Event()
        self.passes = self.runs = 0
        self._mailbox = hands.made.thread._mailbox
        block = loaded_model(hands).blocks[1]
        self._handles = [block.register_forward_pre_hook(self._stop), block.register_forward_hook(self._left)]
        self._ended = patch.object(execute, "RunResult", side_effect=self._count)
        self._ended.start()

    @property
    def _in_a_sweep(self) -> bool:
        """Whether what passes belongs to a sweep, whose cost is measured whenever there is time: no run waits for it."""
        return self._mailbox._running[-1].lane == "sweep"

    def _stop(self, *_: Any) -> None:
        if self._in_a_sweep:
            return
        self.arrived.set()
        assert self._open.wait(PATIENCE)

    def _left(self, *_: Any) -> None:
        self.passes += not self._in_a_sweep

    def _count(self, **entries: Any) -> RunResult:
        self.runs += 1
        return RunResult(**entries)

    def wait_for_a_pass(self) -> None:
        """Wait until a pass stands before the gate."""
        assert self.arrived.wait(PATIENCE)

    def open(self) -> None:
        """Let everything through from now on."""
        self._open.set()

    def remove(self) -> None:
        """Take the gate away."""
        self.open()
        for handle in self._handles:
            handle.remove()
        self._ended.stop()
