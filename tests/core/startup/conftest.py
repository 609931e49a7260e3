"""The stand-in that the tests of the start share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.core.startup.stand_in import StandIn, make_stand_in


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Give a project folder in which this Python makes pretended environments."""
    made = make_stand_in(tmp_path)
    monkeypatch.setattr(sys, "executable", str(made.python))
    return made
