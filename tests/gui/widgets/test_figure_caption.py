"""The caption beside a figure: as many lines as there are words and room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QFontMetrics

from gui.theme.theme import Theme
from gui.widgets.figure_caption import FigureCaption
from tests.fixtures.made_results import repeated, result

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

MANY = tuple(f"L{layer}.mlp_out: mean of the other tokens" for layer in range(3))
TALL, LOW = 400, 150


@pytest.fixture
def caption(qtbot: QtBot) -> FigureCaption:
    made = FigureCaption(Theme("dark"))
    qtbot.addWidget(made)
    made.resize(500, 20)
    return made


def test_that_many_words_take_two_lines_in_a_tall_panel_and_one_in_a_low_one(caption: FigureCaption) -> None:
    caption.fit(TALL)
    caption.show_result(repeated(result(3)), *MANY)
    assert len(caption.lines()) == 2
    assert " ".join(caption.lines()) == caption.text
    tall, spacing = caption.height(), QFontMetrics(caption.font()).lineSpacing()
    caption.fit(LOW)
    assert len(caption.lines()) == 1
    assert caption.lines()[0].endswith("…")
    assert tall - caption.height() == spacing


def test_that_few_words_take_one_line_and_a_narrow_caption_shortens_the_second(caption: FigureCaption) -> None:
    caption.fit(TALL)
    caption.show_result(repeated(result(3)))
    assert caption.lines() == ["mean of 8 seeds, band: 95 % of them"]
    caption.show_result(repeated(result(3)), *MANY)
    caption.resize(260, caption.height())
    assert len(caption.lines()) == 2
    assert caption.lines()[1].endswith("…")
    assert MANY[2] in caption.toolTip().splitlines()
