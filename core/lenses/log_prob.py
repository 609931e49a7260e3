"""Logit lens: the target's log-probability by depth."""

from __future__ import annotations

from core.readings.reading import DepthView, Lens
from core.readings.values import Curves


def compute(view: DepthView) -> Curves | None:
    """Return log p(target) of the logit lens at the embedding and after every block, in nats."""
    if view.log_probs is None or view.target is None:
        return None
    # Copied: a view would keep every token's log-probabilities alive, megabytes a result.
    return Curves((view.target_text,), view.log_probs[:, view.target].numpy().copy()[None, :])


LENS = Lens(
    key="log_prob",
    label="Log-probability",
    help="What the model would give the target if it ended at each layer (logit lens).",
    compute=compute,
)
