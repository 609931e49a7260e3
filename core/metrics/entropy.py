"""Entropy of the prediction."""

from __future__ import annotations

from core.readings.reading import Metric, Reading


def compute(reading: Reading, clean: Reading) -> float:
    """Return -sum p log p over the vocabulary, in nats; impossible tokens count as 0."""
    probs = reading.log_probs.exp()
    terms = probs * -reading.log_probs
    # What is not a number stays in the sum; adding 0 makes a plain zero of -0.0.
    return float(terms[probs != 0].sum()) + 0.0


METRIC = Metric(
    key="entropy", label="entropy", unit="nats", help="How undecided the model is: 0 when it is sure.", compute=compute
)
