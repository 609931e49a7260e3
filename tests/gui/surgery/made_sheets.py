"""Sheets for a small model, made up."""

from __future__ import annotations

import numpy as np

from core.anatomy.sheet import Map, Sheet

LAYERS, HEADS = 5, 8
PREVIOUS, BOTH, MOVER, PLAIN = (1, 3), (0, 6), (4, 2), (2, 2)


def made_sheet(n_layers: int = LAYERS, n_heads: int = HEADS) -> Sheet:
    """Return a sheet with a head that looks back, one that does two things, and a name mover."""
    shape = (n_layers, n_heads)
    scores = {
        key: np.full(shape, 0.05)
        for key in ("previous_token", "duplicate_token", "induction", "io_attention", "s_attention", "copy_score")
    }
    scores["direct_effect"] = np.zeros(shape)
    scores["previous_token"][PREVIOUS] = 0.83
    scores["previous_token"][BOTH] = scores["duplicate_token"][BOTH] = 0.5
    scores["io_attention"][MOVER], scores["direct_effect"][MOVER] = 0.62, 1.9
    return Sheet(
        model="small", fingerprint="", n_layers=n_layers, n_heads=n_heads, seed=0, sequences=8, length=16, sentences=20,
        scores=scores,
        labels={PREVIOUS: ("previous_token",), BOTH: ("previous_token", "duplicate_token"), MOVER: ("name_mover",)},
        maps=(
            Map(
                key="foods", title="Foods that go together", groups=("held-out frames",), questions=64, right=0.75,
                log_prob=-1.5, logit_difference=2.0, d_log_prob=np.full(shape, -0.25),
                d_logit_difference=np.linspace(-2, 1, n_layers * n_heads).reshape(shape),
            ),
        ),
    )  # fmt: skip
