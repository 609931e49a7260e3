"""An empty place says why it is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gui.theme.theme import Theme
from gui.widgets.empty_state import EmptyState, Picture

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def ink(widget: EmptyState) -> int:
    """Return how many pixels are not background."""
    image = widget.grab().toImage()
    back = image.pixel(0, 0)
    return sum(image.pixel(x, y) != back for x in range(image.width()) for y in range(0, image.height(), 2))


@pytest.mark.parametrize("picture", ["curve", "bars"])
def test_that_it_draws_its_sentence_and_tells_the_screen_reader(qtbot: QtBot, picture: Picture) -> None:
    widget = EmptyState(Theme(), picture)
    qtbot.addWidget(widget)
    widget.resize(400, 200)
    bare = ink(widget)
    assert bare > 0
    widget.show_text("Nothing is chosen yet.")
    assert widget.text == widget.accessibleName() == "Nothing is chosen yet."
    assert ink(widget) > bare


def test_that_the_picture_gives_way_where_only_the_sentence_fits(qtbot: QtBot) -> None:
    widget = EmptyState(Theme())
    qtbot.addWidget(widget)
    widget.resize(400, 50)
    assert ink(widget) == 0
    widget.show_text("Nothing is chosen yet.")
    assert ink(widget) > 0
