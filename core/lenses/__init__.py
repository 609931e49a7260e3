"""One file per lens, each with one ``LENS``: a labelled array about the residual stream."""

from core.readings.reading import Lens
from core.registry import Registry, discover

LENSES: Registry[Lens] = Registry("lens")
discover(__name__, "LENS", LENSES)
