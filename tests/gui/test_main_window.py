"""Where the panels stand: the default layout comes back, and keeps its share of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from gui.main_window import DOCKS_SHARE, MainWindow
from gui.theme.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """Return a window without a model, in its default layout."""
    made = MainWindow(Theme())
    made.resize(1600, 1000)
    made.show()
    made.arrange()
    qtbot.waitUntil(lambda: all(dock.width() > 0 for dock in made.docks.values()))
    yield made
    made.close()
    made.deleteLater()


def side_by_side(window: MainWindow) -> bool:
    """Return whether the curves stand beside each other."""
    QApplication.processEvents()
    one, other = window.docks["cosine_curve"], window.docks["log_prob_curve"]
    return one.y() == other.y()


def test_that_a_floating_and_a_closed_panel_come_back(window: MainWindow) -> None:
    window.docks["predictions"].setFloating(True)
    window.docks["cosine_curve"].hide()
    window.arrange()
    assert not any(dock.isFloating() or dock.isHidden() for dock in window.docks.values())


def test_that_curves_stand_side_by_side_only_in_a_low_window(window: MainWindow) -> None:
    assert not side_by_side(window)
    window.resize(1600, 760)
    assert side_by_side(window)
    window.resize(1600, 1000)
    assert not side_by_side(window)


def test_that_what_is_closed_or_in_front_stays_so_in_a_window_of_another_height(window: MainWindow) -> None:
    window.docks["cosine_curve"].hide()
    window.docks["sweep_map"].raise_()
    QApplication.processEvents()
    divided = window.splitter.sizes()[1] / sum(window.splitter.sizes())
    for height in (760, 1000):
        window.resize(1600, height)
        QApplication.processEvents()
        assert window.docks["cosine_curve"].isHidden()
        assert window.panels["sweep_map"].isVisible() and not window.panels["sweep_map"].visibleRegion().isEmpty()
        assert window.panels["predictions"].visibleRegion().isEmpty()
    assert window.splitter.sizes()[1] / sum(window.splitter.sizes()) == pytest.approx(divided, abs=0.05)


def test_that_a_layout_somebody_made_is_left_alone(window: MainWindow) -> None:
    window.docks["predictions"].setFloating(True)
    window.resize(1600, 760)
    assert not side_by_side(window)
    assert window.docks["predictions"].isFloating()


def test_that_panels_keep_their_share_of_a_wider_window(window: MainWindow) -> None:
    window.resize(2400, 1000)
    QApplication.processEvents()
    share = window.docks["predictions"].width() / window.width()
    assert share == pytest.approx(DOCKS_SHARE, abs=0.03)


def test_that_curves_go_behind_one_another_to_make_room_once(window: MainWindow) -> None:
    assert window.condense()
    assert window.docks["log_prob_curve"] in window.tabifiedDockWidgets(window.docks["cosine_curve"])
    assert not window.condense()


def test_that_tab_goes_through_the_window_as_it_is_read(window: MainWindow) -> None:
    window.header.prompt.setFocus()
    window.focusNextPrevChild(True)
    order: list[QWidget] = [window.header.prompt]
    while (following := order[-1].nextInFocusChain()) not in (None, window.header.prompt):
        order.append(following)
    parts = (window.strip.canvas, window.header.target, window.header.versus, window.grid.view)
    places = [order.index(part) for part in parts]
    assert places == sorted(places)
