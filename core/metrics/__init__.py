"""One file per metric, each with one ``METRIC``: a number read from the logits at one position."""

from core.readings.reading import Metric
from core.registry import Registry, discover

METRICS: Registry[Metric] = Registry("metric")
discover(__name__, "METRIC", METRICS)
