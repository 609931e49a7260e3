"""Rank of the target among all tokens."""

from __future__ import annotations

from core.readings.reading import Metric, Reading


def compute(reading: Reading, clean: Reading) -> int | None:
    """Return 1 for the likeliest token; tokens of exactly the same logit share the better rank.

    Where the run overflowed there is no order and no rank.
    """
    if reading.logits.isnan().any():
        return None
    return 1 + int((reading.logits > reading.logits[reading.target]).sum())


METRIC = Metric(key="rank", label="rank", unit="", help="Place of the target, 1 for the likeliest.", compute=compute)
