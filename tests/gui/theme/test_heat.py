"""Maps of numbers as colours: zero in the middle, every step lighter or darker, for every sight."""

from __future__ import annotations

import numpy as np
import pytest

from gui.theme.heat import heat, heat_ink
from gui.theme.palette import PALETTES, Palette
from tests.gui.theme.test_palette import SIGHTS, apart, contrast, seen

BOTH = pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)


def text(color: np.ndarray) -> str:
    return "#" + "".join(f"{part:02x}" for part in color)


@BOTH
def test_that_nothing_is_the_ground_and_the_ends_are_kept(palette: Palette) -> None:
    colors = heat(palette, np.array([-3.0, -1.0, 0.0, 1.0, 3.0]), signed=True)
    below, above = palette.heat_below, palette.heat_above
    assert [text(each) for each in colors] == [below, below, palette.sunken, above, above]
    amounts = heat(palette, np.array([-1.0, 0.0, 1.0]), signed=False)
    assert [text(each) for each in amounts] == [palette.sunken, palette.sunken, palette.heat_amount]


@BOTH
@pytest.mark.parametrize("sight", SIGHTS)
def test_that_every_sight_tells_the_sides_and_the_steps_apart(palette: Palette, sight: str) -> None:
    assert apart(palette.heat_below, palette.heat_above, sight) >= 40
    for half in (-0.5, 0.5):
        assert apart(text(heat(palette, np.array(half), signed=True)), palette.sunken, sight) >= 15
    for signed, ends in ((True, (-1, 1)), (False, (1,))):
        for end in ends:
            steps = heat(palette, np.linspace(0, end, 9), signed=signed)
            light = np.array([seen(text(each), sight)[0] for each in steps])
            assert (np.diff(light) > 1).all() or (np.diff(light) < -1).all()


@BOTH
def test_that_words_on_a_colour_can_be_read(palette: Palette) -> None:
    for signed in (True, False):
        for color in heat(palette, np.linspace(-1, 1, 41), signed=signed):
            assert contrast(text(color), heat_ink(color)) >= 4.5
