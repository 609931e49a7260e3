"""The named colours of the application, light and dark."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Every colour that is drawn, by what it is for. All values are ``#rrggbb``.

    Attributes
    ----------
    window, surface, raised, sunken : str
        Backgrounds: of the window, of a panel, of a control, of a field or empty grid cell.
    border, border_strong : str
    text, text_muted, text_faint : str
        The muted text keeps a contrast of 4.5 : 1 on every background, the faint one 3 : 1.
    accent, accent_soft, on_accent : str
        Selection and focus; its quiet background; text on the accent.
    clean, operated : str
        The two sides of every comparison.
    pairs : tuple of str
        One colour per token pair, told apart by colour-blind readers: blue, bluish green, reddish purple
        and dark yellow, after Okabe and Ito, without the orange that says "operated".
    operations : dict of str to str
        One colour per operation key; ``""`` is for any other.
    heat_below, heat_above, heat_amount : str
        Where maps of numbers end: the most negative, the most positive, and the largest amount of what is
        never negative. They begin at the colour of an empty cell.
    warning, warning_soft, danger, danger_soft, success : str
    """

    name: str
    window: str
    surface: str
    raised: str
    sunken: str
    border: str
    border_strong: str
    text: str
    text_muted: str
    text_faint: str
    accent: str
    accent_soft: str
    on_accent: str
    clean: str
    operated: str
    pairs: tuple[str, ...]
    operations: dict[str, str]
    heat_below: str
    heat_above: str
    heat_amount: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str
    success: str

    def operation(self, key: str) -> str:
        """Return the colour of an operation."""
        return self.operations.get(key, self.operations[""])


LIGHT = Palette(
    name="light",
    window="#eef1f5",
    surface="#ffffff",
    raised="#f7f8fa",
    sunken="#e6eaf0",
    border="#d3d9e2",
    border_strong="#aab4c2",
    text="#141a24",
    text_muted="#4a5567",
    text_faint="#76828f",
    accent="#1f5fd1",
    accent_soft="#dfeafc",
    on_accent="#ffffff",
    clean="#5b6b80",
    operated="#c8410b",
    pairs=("#0067a8", "#158a66", "#923a74", "#7d6b00"),
    operations={
        "silence": "#b3261e",
        "scale": "#0067a6",
        "noise": "#8a4b00",
        "matched_noise": "#6b5a00",
        "mean": "#0b6b6b",
        "median": "#2c6a3a",
        "shuffle": "#7a3a9a",
        "patch": "#5a3f99",
        "resample": "#93337a",
        "transplant": "#3b4bb0",
        "skip": "#4a5a6e",
        "project_out": "#a02060",
        "knockout": "#6d2b2b",
        "": "#5a3f99",
    },
    heat_below="#a63c00",
    heat_above="#00509a",
    heat_amount="#5a2a82",
    warning="#8a5300",
    warning_soft="#fdf0d5",
    danger="#b3261e",
    danger_soft="#fbe4e2",
    success="#1d7a46",
)

DARK = Palette(
    name="dark",
    window="#10141b",
    surface="#181d26",
    raised="#212834",
    sunken="#2b3444",
    border="#3b4759",
    border_strong="#55627a",
    text="#f1f4f9",
    text_muted="#aeb9c9",
    text_faint="#8290a4",
    accent="#6ea8ff",
    accent_soft="#21365a",
    on_accent="#0b1220",
    clean="#a5b3c7",
    operated="#ff8a50",
    pairs=("#4a9fe0", "#52dba8", "#e79ac0", "#e6d44a"),
    operations={
        "silence": "#ff6f66",
        "scale": "#5cb8f5",
        "noise": "#f7d63e",
        "matched_noise": "#d6d06a",
        "mean": "#4fd6c8",
        "median": "#7fd98a",
        "shuffle": "#d59bf2",
        "patch": "#b79cf5",
        "resample": "#f29ad0",
        "transplant": "#9aa8ff",
        "skip": "#b3c0d1",
        "project_out": "#ff8fb8",
        "knockout": "#e0a090",
        "": "#b79cf5",
    },
    heat_below="#ffb27a",
    heat_above="#86c5ff",
    heat_amount="#d3b3ff",
    warning="#f5c04a",
    warning_soft="#3a2f14",
    danger="#ff7b72",
    danger_soft="#3f1f1f",
    success="#5fd08d",
)

PALETTES = {palette.name: palette for palette in (LIGHT, DARK)}
