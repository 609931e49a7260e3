"""One file per kind of planted text, each with one ``PLANT``."""

from core.registry import Registry, discover
from core.specimens.plant import Plant

PLANTS: Registry[Plant] = Registry("plant")
discover(__name__, "PLANT", PLANTS)
