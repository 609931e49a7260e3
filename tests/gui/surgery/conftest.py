"""A theme for every test of the place of work."""

from __future__ import annotations

import pytest

from gui.theme.theme import Theme


@pytest.fixture
def theme() -> Theme:
    """Return a light theme."""
    return Theme("light")
