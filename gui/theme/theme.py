"""The theme in force: a palette and a text size, and a signal when either changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from gui.theme.palette import PALETTES, Palette
from gui.theme.stylesheet import stylesheet

SANS = ["Inter", "Segoe UI Variable Text", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans", "DejaVu Sans"]
MONO = ["JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas", "Noto Sans Mono", "DejaVu Sans Mono"]
BASE_PIXELS = 14
SCALES = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)


class Theme(QObject):
    """Palette and text size of the whole application.

    Signals
    -------
    changed
        Colours or sizes are different now: read them again and repaint.
    """

    changed = Signal()

    def __init__(self, name: str = "light", scale: float = 1.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._palette = PALETTES[name]
        self._scale = self._wanted = scale

    @property
    def palette(self) -> Palette:
        """The colours in force."""
        return self._palette

    @property
    def scale(self) -> float:
        """Text size relative to the default."""
        return self._scale

    @property
    def wanted(self) -> float:
        """The text size that was asked for; the one in force is smaller where that has no room."""
        return self._wanted

    def color(self, value: str, alpha: int = 255) -> QColor:
        """Return one of the palette's colours for painting."""
        color = QColor(value)
        color.setAlpha(alpha)
        return color

    def pixels(self, value: float) -> int:
        """Return a length of the default size at the text size in force."""
        return max(1, round(value * self._scale))

    def font(self, size: float = BASE_PIXELS, *, bold: bool = False, mono: bool = False) -> QFont:
        """Return a font; ``size`` is in pixels at the default text size."""
        font = QFont(MONO if mono else SANS)
        font.setPixelSize(self.pixels(size))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def use(self, *, name: str | None = None, scale: float | None = None) -> None:
        """Change the palette, the text size, or both, everywhere."""
        if name is not None:
            self._palette = PALETTES[name]
        if scale is not None:
            self._scale = self._wanted = min(max(scale, SCALES[0]), SCALES[-1])
        self.apply()

    def give_way(self, scale: float) -> None:
        """Put a text size in force that fits, without forgetting the one that was asked for."""
        self._scale = min(max(scale, SCALES[0]), self._wanted)
        self.apply()

    def settle_for(self, scale: float) -> None:
        """Put a text size in force that fits, and take it for the one that was asked for."""
        self._wanted = scale
        self.give_way(scale)

    def apply(self) -> None:
        """Give colours, fonts and style sheet to the application and tell everybody."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setStyle("Fusion")
            application.setPalette(self._qt_palette())
            application.setFont(self.font())
            application.setStyleSheet(stylesheet(self._palette, self.pixels))
        self.changed.emit()

    def _qt_palette(self) -> QPalette:
        p, roles = self._palette, QPalette.ColorRole
        made = QPalette()
        for role, value in (
            (roles.Window, p.window),
            (roles.WindowText, p.text),
            (roles.Base, p.surface),
            (roles.AlternateBase, p.raised),
            (roles.Text, p.text),
            (roles.Button, p.raised),
            (roles.ButtonText, p.text),
            (roles.ToolTipBase, p.raised),
            (roles.ToolTipText, p.text),
            (roles.PlaceholderText, p.text_faint),
            (roles.Highlight, p.accent),
            (roles.HighlightedText, p.on_accent),
            (roles.Link, p.accent),
            (roles.Mid, p.border),
            (roles.Dark, p.border_strong),
        ):
            made.setColor(role, QColor(value))
        for role in (roles.WindowText, roles.Text, roles.ButtonText):
            made.setColor(QPalette.ColorGroup.Disabled, role, QColor(p.text_faint))
        return made
