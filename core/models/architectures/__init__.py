"""One file per model family, each with one ``ARCHITECTURE``."""

from core.models.architecture import Architecture
from core.registry import Registry, discover

ARCHITECTURES: Registry[Architecture] = Registry("model family")
discover(__name__, "ARCHITECTURE", ARCHITECTURES)
