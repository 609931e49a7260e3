"""How torch waits and takes memory is decided before it is imported, unless the user has chosen otherwise."""

from __future__ import annotations

import importlib
import os

import pytest

import core.models


@pytest.mark.parametrize(
    ("name", "chosen", "in_force"),
    [
        ("OMP_WAIT_POLICY", None, "PASSIVE"),
        ("OMP_WAIT_POLICY", "ACTIVE", "ACTIVE"),
        ("THP_MEM_ALLOC_ENABLE", None, "1"),
        ("THP_MEM_ALLOC_ENABLE", "0", "0"),
    ],
)
def test_that_threads_sleep_and_pages_are_large_unless_the_user_says_otherwise(
    name: str, chosen: str | None, in_force: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, chosen or "")
    if chosen is None:
        monkeypatch.delenv(name)
    importlib.reload(core.models)
    assert os.environ[name] == in_force
