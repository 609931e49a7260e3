"""Kullback-Leibler divergence of the operated from the clean prediction."""

from __future__ import annotations

from core.readings.reading import Metric, Reading


def compute(reading: Reading, clean: Reading) -> float:
    """Return KL(clean || operated) = sum p_clean (log p_clean - log p_operated), in nats."""
    probs = clean.log_probs.exp()
    terms = probs * (clean.log_probs - reading.log_probs)
    return float(terms[probs != 0].sum())


METRIC = Metric(
    key="kl",
    label="KL",
    unit="nats",
    help="How far the whole prediction moved: KL(clean || operated).",
    compute=compute,
    compares=True,
)
