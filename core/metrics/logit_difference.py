"""Logit difference of the target and the token it is compared with."""

from __future__ import annotations

from core.readings.reading import Metric, Reading


def compute(reading: Reading, clean: Reading) -> float | None:
    """Return logit(target) - logit(versus), or None without a token to compare with."""
    if reading.versus is None:
        return None
    return float(reading.logits[reading.target] - reading.logits[reading.versus])


METRIC = Metric(
    key="logit_difference",
    label="logit difference",
    unit="logits",
    help="Logit of the target less the logit of the token it is compared with.",
    compute=compute,
)
