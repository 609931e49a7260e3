"""What the window remembers between two starts."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from core.sessions.holding import SHARE, SHARES
from gui.theme.palette import PALETTES
from gui.theme.theme import SCALES

LAYOUT_VERSION = 3
MOST_FOLDERS = 8


class Settings:
    """Reads and writes settings; a value that cannot be used is passed over.

    Parameters
    ----------
    store : QSettings or None
        None remembers nothing.
    unfinished : Path, optional
        The folder where sweeps that are left off are kept; without it they are forgotten.
    """

    def __init__(self, store: QSettings | None, unfinished: Path | None = None) -> None:
        self._store = store
        self.unfinished = unfinished

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
        return self._number("scale", 1.0, (SCALES[0], SCALES[-1]))

    def _number(self, key: str, usual: float, limits: tuple[float, float]) -> float:
        try:
            value = float(str(self._value(key)))
        except ValueError:
            return usual
        return value if limits[0] <= value <= limits[1] else usual

    def keep_theme(self, name: str, scale: float) -> None:
        """Remember palette and text size."""
        self._keep("theme", name)
        self._keep("scale", scale)

    @property
    def memory_share(self) -> float:
        """How much of a device's memory the models that are held may take together."""
        return self._number("memory_share", SHARE, SHARES)

    def keep_memory_share(self, share: float) -> None:
        """Remember how much memory models may take."""
        self._keep("memory_share", share)

    @property
    def folders(self) -> tuple[str, ...]:
        """The checkpoint folders that were opened, the latest first."""
        value = self._value("folders")
        kept = [value] if isinstance(value, str) else value  # what Qt makes of a list of one
        if not isinstance(kept, list):
            return ()
        return tuple(each for each in kept if isinstance(each, str) and each)[:MOST_FOLDERS]

    def keep_folder(self, folder: str) -> None:
        """Remember a checkpoint folder as the latest."""
        self._keep("folders", [folder, *(each for each in self.folders if each != folder)][:MOST_FOLDERS])

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
