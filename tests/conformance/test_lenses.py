"""Every registered lens keeps to the protocol; a new one is covered without a change here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.lenses import LENSES
from core.readings.reading import DepthView, Lens
from core.readings.values import Pair

ALL = list(LENSES)
LAYERS, TOKENS, WIDTH, VOCAB = 3, 5, 8, 11
each = pytest.mark.parametrize("lens", ALL, ids=lambda lens: lens.key)


def view(dtype: torch.dtype = torch.float32) -> DepthView:
    """Return a view in which every lens has something to show."""
    generator = torch.Generator().manual_seed(0)
    return DepthView(
        residuals=torch.randn(LAYERS + 1, TOKENS, WIDTH, generator=generator).to(dtype),
        pairs=(Pair("a|b", 0, 1), Pair("a|c", 0, 2)),
        log_probs=torch.randn(LAYERS + 1, VOCAB, generator=generator).double().log_softmax(dim=-1),
        target=4,
        target_text=" pizza",
    )


def test_that_the_log_prob_curve_is_the_targets_column() -> None:
    found, seen = LENSES["log_prob"].compute(view()), view()
    assert found is not None
    assert seen.log_probs is not None
    assert found.labels == (" pizza",)
    assert found.values.tolist() == [seen.log_probs[:, 4].tolist()]


def test_that_the_cosine_curve_equals_values_computed_by_hand() -> None:
    residuals = torch.tensor(
        [
            [[3.0, 4.0], [3.0, 4.0], [0.0, 0.0]],
            [[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]],
            [[1.0, 0.0], [-5.0, 0.0], [3.0, 4.0]],
        ]
    )
    pairs = (Pair("same", 0, 1), Pair("other", 0, 2))
    found = LENSES["cosine"].compute(replace(view(), residuals=residuals, pairs=pairs))
    assert found is not None
    assert found.labels == ("same", "other")
    assert found.values == pytest.approx(np.array([[1.0, 0.0, -1.0], [0.0, 0.5**0.5, 0.6]]), abs=1e-12)


@each
def test_that_a_lens_says_what_it_is(lens: Lens) -> None:
    assert lens.key.isidentifier()
    assert lens.label.strip()
    assert lens.help.endswith(".")


@each
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_that_a_lens_gives_one_labelled_curve_from_the_embedding_to_the_last_block(
    lens: Lens, dtype: torch.dtype
) -> None:
    found = lens.compute(view(dtype))
    assert found is not None
    assert found.values.shape == (len(found.labels), LAYERS + 1)
    assert found.values.dtype == np.float64
    assert np.isfinite(found.values).all()
    assert len(set(found.labels)) == len(found.labels)
    assert all(isinstance(label, str) and label for label in found.labels)


@each
def test_that_a_curve_keeps_nothing_but_itself_alive(lens: Lens) -> None:
    found = lens.compute(view())
    assert found is not None
    owner: Any = found.values
    while getattr(owner, "base", None) is not None:
        owner = owner.base
    assert isinstance(owner, np.ndarray), "the memory belongs to a tensor"
    assert owner.nbytes == found.values.nbytes


@each
def test_that_a_lens_writes_to_nothing_it_looks_at(lens: Lens) -> None:
    seen, untouched = view(), view()
    lens.compute(seen)
    assert torch.equal(seen.residuals, untouched.residuals)


@each
def test_that_a_lens_with_nothing_to_show_gives_nothing(lens: Lens) -> None:
    assert lens.compute(replace(view(), pairs=(), log_probs=None, target=None, target_text="")) is None


def test_that_the_same_direction_is_never_more_than_alike() -> None:
    twice = view().residuals.repeat(1, 2, 1)
    found = LENSES["cosine"].compute(replace(view(), residuals=twice, pairs=(Pair("a|a", 0, TOKENS),)))
    assert found is not None
    assert found.values == pytest.approx(np.ones((1, LAYERS + 1)), abs=1e-12)
