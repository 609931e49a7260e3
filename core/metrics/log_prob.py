"""Log-probability of the target."""

from __future__ import annotations

from core.readings.reading import Metric, Reading


def compute(reading: Reading, clean: Reading) -> float:
    """Return log p(target), in nats."""
    return float(reading.log_probs[reading.target])


METRIC = Metric(
    key="log_prob", label="log p", unit="nats", help="Natural logarithm of the target's probability.", compute=compute
)
