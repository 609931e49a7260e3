"""Colours can be read: contrast as WCAG 2 defines it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gui.theme.palette import PALETTES, Palette

BACKGROUNDS = ("window", "surface", "raised", "sunken")


# What a person without red, without green and with all cones sees of linear light (Machado, Oliveira, Fernandes 2009).
SIGHTS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "all": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
TO_XYZ = [
    [0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505],
    [0.2126, 0.7152, 0.0722],
    [0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089],
]


def seen(color: str, sight: str) -> np.ndarray:
    """Return where ``#rrggbb`` lies in CIELAB for a kind of sight."""
    parts = np.array([int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    light = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = np.array(TO_XYZ) @ np.clip(np.array(SIGHTS[sight]) @ light, 0, 1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one: str, other: str, sight: str = "all") -> float:
    """Return how far two colours are apart; 2.3 is just noticeable."""
    return float(np.linalg.norm(seen(one, sight) - seen(other, sight)))


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


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
@pytest.mark.parametrize("sight", SIGHTS)
def test_that_every_sight_tells_the_pairs_apart(palette: Palette, sight: str) -> None:
    found = {two: apart(*two, sight) for two in itertools.combinations(palette.pairs, 2)}
    assert {two: round(distance) for two, distance in found.items() if distance < 15} == {}


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_that_nothing_looks_like_the_operated_run(palette: Palette) -> None:
    others = [*palette.pairs, palette.operations["noise"], palette.clean]
    assert {color: apart(color, palette.operated) for color in others if apart(color, palette.operated) < 30} == {}


def test_that_noise_is_yellow_where_the_operated_run_is_bright_orange() -> None:
    dark = PALETTES["dark"]
    assert apart(dark.operations["noise"], dark.operated) >= 45
