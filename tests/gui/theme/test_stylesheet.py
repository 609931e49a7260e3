"""The style sheet is understood by Qt, in every theme and at every text size."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QPushButton, QSlider

from core.paths import resources
from gui.theme.palette import PALETTES
from gui.theme.stylesheet import stylesheet
from gui.theme.theme import SCALES, Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

INKS = {"check": "on_accent", "partial": "on_accent", "tick": "text"}


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("scale", SCALES)
def test_that_qt_understands_every_rule(qtbot: QtBot, name: str, scale: float) -> None:
    theme = Theme(name, scale)
    theme.apply()
    for widget in (QPushButton("one"), QCheckBox("two"), QSlider()):
        qtbot.addWidget(widget)
        widget.ensurePolished()
    sheet = stylesheet(theme.palette, theme.pixels)
    assert sheet.count("{") == sheet.count("}")
    assert "None" not in sheet


@pytest.mark.parametrize("name", PALETTES)
def test_that_every_icon_in_the_style_sheet_is_there_and_in_the_colours_of_its_theme(name: str) -> None:
    palette = PALETTES[name]
    used = {Path(path) for path in re.findall(r'url\("([^"]+)"\)', stylesheet(palette, Theme().pixels))}
    shipped = set((resources() / "icons" / name).glob("*.svg"))
    assert used == shipped
    for path in shipped:
        ink = getattr(palette, INKS.get(path.stem, "text_muted"))
        assert f'stroke="{ink}"' in path.read_text(encoding="utf-8")
        assert not QImage(str(path)).isNull()


def test_that_a_primary_button_is_filled_with_the_accent(qtbot: QtBot) -> None:
    theme = Theme("light")
    theme.apply()
    button = QPushButton("Run")
    button.setProperty("kind", "primary")
    qtbot.addWidget(button)
    button.resize(120, 40)
    assert button.grab().toImage().pixelColor(60, 5).name() == theme.palette.accent


def test_that_keyboard_focus_draws_a_ring(qtbot: QtBot) -> None:
    theme = Theme("dark")
    theme.apply()
    button = QPushButton("Run")
    qtbot.addWidget(button)
    button.resize(120, 40)
    button.show()
    button.clearFocus()
    assert button.grab().toImage().pixelColor(60, 1).name() != theme.palette.accent
    button.setFocus()
    button.activateWindow()
    qtbot.waitUntil(button.hasFocus)
    assert button.grab().toImage().pixelColor(60, 1).name() == theme.palette.accent
