"""A theme for every test of the place of work, and a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gui.surgery.head_grid import HeadGrid
from gui.theme.theme import Theme
from tests.gui.surgery.grid_hands import Listener
from tests.gui.surgery.prompts import PIECES, prompt, small

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def theme(qapp: object) -> Theme:
    """Return a light theme, which is in force as it is in the window."""
    made = Theme("light")
    made.apply()
    return made


@pytest.fixture
def grid(qtbot: QtBot, theme: Theme) -> HeadGrid:
    made = HeadGrid(theme)
    qtbot.addWidget(made)
    made.resize(560, 460)
    made.set_tokens(prompt(*PIECES))
    made.set_chosen((4,))
    made.set_shape(small())
    made.show()
    qtbot.waitExposed(made)
    made.view.setFocus()
    return made


@pytest.fixture
def wished(grid: HeadGrid) -> Listener:
    return Listener(grid)
