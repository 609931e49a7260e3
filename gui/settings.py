"""What the window remembers between two starts."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings

from gui.theme.palette import PALETTES
from gui.theme.theme import SCALES

LAYOUT_VERSION = 1


class Settings:
    """Reads and writes settings; a value that cannot be used is passed over.

    Parameters
    ----------
    store : QSettings or None
        None remembers nothing.
    """

    def __init__(self, store: QSettings | None) -> None:
        self._store = store

    def _value(self, key: str) -> object:
        return None if self._store is None else self._store.value(key)

    def _keep(self, key: str, value: object) -> None:
        if self._store is not None:
            self._store.setValue(key, value)

    @property
    def theme(self) -> str:
        """Name of the palette."""
        value = self._value("theme")
        return value if isinstance(value, str) and value in PALETTES else "light"

    @property
    def has_theme(self) -> bool:
        """Whether a palette was ever chosen."""
        return self._value("theme") is not None

    @property
    def scale(self) -> float:
        """Text size relative to the default."""
        value = self._value("scale")
        try:
            scale = float(str(value))
        except ValueError:
            return 1.0
        return scale if SCALES[0] <= scale <= SCALES[-1] else 1.0

    def keep_theme(self, name: str, scale: float) -> None:
        """Remember palette and text size."""
        self._keep("theme", name)
        self._keep("scale", scale)

    @property
    def layout(self) -> tuple[QByteArray, QByteArray] | None:
        """Window geometry and dock state, if they were kept."""
        geometry, state = self._value("geometry"), self._value(f"state/{LAYOUT_VERSION}")
        if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
            return geometry, state
        return None

    def keep_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        """Remember window geometry and dock state."""
        self._keep("geometry", geometry)
        self._keep(f"state/{LAYOUT_VERSION}", state)
