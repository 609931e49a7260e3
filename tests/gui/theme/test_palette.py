"""Colours can be read: contrast as WCAG 2 defines it."""

from __future__ import annotations

import pytest

from gui.theme.palette import PALETTES, Palette

BACKGROUNDS = ("window", "surface", "raised", "sunken")


def luminance(color: str) -> float:
    """Return the relative luminance of ``#rrggbb``."""
    parts = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def too_low(palette: Palette, ink: str, least: float, backgrounds: tuple[str, ...] = BACKGROUNDS) -> dict[str, float]:
    """Return the backgrounds on which a colour has less contrast than it should."""
    ratios = {name: contrast(ink, getattr(palette, name)) for name in backgrounds}
    return {name: round(ratio, 2) for name, ratio in ratios.items() if ratio < least}


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
@pytest.mark.parametrize(("role", "least"), [("text", 7), ("text_muted", 4.5), ("text_faint", 3)])
def test_that_text_can_be_read_on_every_background(palette: Palette, role: str, least: float) -> None:
    assert too_low(palette, getattr(palette, role), least) == {}


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_that_text_can_be_read_on_what_is_selected_or_warned_of(palette: Palette) -> None:
    assert contrast(palette.on_accent, palette.accent) >= 4.5
    assert contrast(palette.text, palette.accent_soft) >= 7
    assert contrast(palette.text_muted, palette.accent_soft) >= 4.5
    for ink, back in (("warning", "warning_soft"), ("danger", "danger_soft")):
        assert contrast(getattr(palette, ink), getattr(palette, back)) >= 4.5
        assert contrast(palette.text, getattr(palette, back)) >= 7


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_that_everything_drawn_stands_out_from_every_background(palette: Palette) -> None:
    drawn = [palette.clean, palette.operated, palette.accent, *palette.pairs, *palette.operations.values()]
    assert {color: too_low(palette, color, 3) for color in drawn if too_low(palette, color, 3)} == {}


def test_that_all_palettes_have_as_many_colours_for_pairs_and_the_same_operations() -> None:
    light, dark = PALETTES["light"], PALETTES["dark"]
    assert len(light.pairs) == len(dark.pairs)
    assert light.operations.keys() == dark.operations.keys()
