"""Colours of numbers: a signed map with nothing in the middle, and one of amounts.

The signed one goes from orange over the ground to blue, which readers without red or without green
tell apart too; both its arms, and the map of amounts, change in lightness all the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gui.theme.palette import Palette


# How light a part of a colour is, by its number; looked up, as every cell of a map asks.
LIGHT = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (n / 255 for n in range(256))]


def _rgb(color: str) -> NDArray[np.float64]:
    return np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)], dtype=np.float64)


def heat(palette: Palette, shares: NDArray[np.float64], *, signed: bool) -> NDArray[np.uint8]:
    """Return the colours of numbers.

    Parameters
    ----------
    shares : ndarray of float
        Numbers divided by the largest that is told apart: from -1 to 1, or 0 to 1 for amounts. What
        lies beyond is drawn as the end.
    signed : bool
        Whether there are numbers below zero.

    Returns
    -------
    ndarray of uint8, shape [..., 3]
        Red, green, blue; the colour of a number that is none is without meaning.
    """
    ground, more = _rgb(palette.sunken), palette.heat_above if signed else palette.heat_amount
    kept = np.clip(np.nan_to_num(shares), -1 if signed else 0, 1)[..., None]
    end = np.where(kept < 0, _rgb(palette.heat_below), _rgb(more))
    colors: NDArray[np.uint8] = np.round(ground + np.abs(kept) * (end - ground)).astype(np.uint8)
    return colors


def heat_ink(color: NDArray[np.uint8]) -> str:
    """Return black or white, whichever can be read on a colour; contrast as WCAG 2 defines it."""
    red, green, blue = color.tolist()
    return "#000000" if 0.2126 * LIGHT[red] + 0.7152 * LIGHT[green] + 0.0722 * LIGHT[blue] > 0.179 else "#ffffff"
