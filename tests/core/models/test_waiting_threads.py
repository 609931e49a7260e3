"""Torch's threads give way to other programs, unless the user has chosen otherwise."""

from __future__ import annotations

import importlib
import os

import pytest

import core.models


@pytest.mark.parametrize(("chosen", "in_force"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_that_waiting_threads_sleep_unless_the_user_says_otherwise(
    chosen: str | None, in_force: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", chosen or "")
    if chosen is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    importlib.reload(core.models)
    assert os.environ["OMP_WAIT_POLICY"] == in_force
