"""Every panel keeps the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.runs.events import CheckReport, ModelsHeld
from gui.panel import PanelDeclaration
from gui.panels import PANELS
from gui.theme.theme import Theme
from tests.fixtures.made_results import model_info, result

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("declared", PANELS, ids=lambda declared: declared.key)
@pytest.mark.parametrize("size", [(420, 160), (1200, 500)])
@pytest.mark.parametrize("scale", [0.8, 2.0])
def test_that_a_panel_draws_results_reasons_and_staleness_at_any_size(
    qtbot: QtBot, declared: PanelDeclaration, size: tuple[int, int], scale: float
) -> None:
    panel = declared.make(Theme("dark", scale))
    qtbot.addWidget(panel)
    panel.resize(*size)
    panel.show()
    panel.show_model(model_info(), CheckReport((), 0.0))
    panel.show_held(ModelsHeld((), 0.5, 10**9))
    for made in (result(1), result(48), result(5, changed=False)):
        panel.show_result(made)
        panel.set_stale(True)
        assert not panel.grab().isNull()
        panel.set_stale(False)
    panel.show_reason("The model is still loading.")
    assert not panel.grab().isNull()


def test_that_panels_have_a_place_a_title_and_a_sentence_of_help() -> None:
    assert len({declared.order for declared in PANELS}) == len(PANELS)
    for declared in PANELS:
        assert declared.title
        assert declared.help.endswith(".")
