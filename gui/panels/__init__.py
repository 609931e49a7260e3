"""One file per panel, each with one ``PANEL``."""

from core.registry import Registry, discover
from gui.panel import PanelDeclaration

PANELS: Registry[PanelDeclaration] = Registry("panel")
discover(__name__, "PANEL", PANELS)
