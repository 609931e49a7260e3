"""Choosing the next token: likeliest, or drawn from the candidates with a given number."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.runs.generation import Generation
from core.runs.sampling import choose

LOGITS = torch.tensor([1.0, 3.0, 2.0, 0.0, -1.0], dtype=torch.float64)
NUMBERS = st.floats(0, 1, exclude_max=True)


def candidates(logits: torch.Tensor, settings: Generation) -> set[int]:
    """Return which tokens may be drawn, one after the other from the likeliest down."""
    probs = (logits / settings.temperature).softmax(-1).tolist()
    ordered = sorted(range(len(probs)), key=lambda token: -probs[token])
    ordered = ordered[: settings.top_k or None]
    whole, share, kept = sum(probs[token] for token in ordered), 0.0, set[int]()
    for token in ordered:
        if share >= settings.top_p * whole:
            break
        kept.add(token)
        share += probs[token]
    return kept


@pytest.mark.parametrize("number", [0.0, 0.5, 0.999999])
def test_that_temperature_0_takes_the_likeliest_whatever_the_number(number: float) -> None:
    assert choose(LOGITS, Generation(top_k=3, top_p=0.5), number) == 1


@given(NUMBERS, st.integers(0, 7), st.floats(0.001, 1.0), st.floats(0.05, 20.0))
def test_that_no_token_outside_the_candidates_is_drawn(number: float, k: int, p: float, temperature: float) -> None:
    settings = Generation(temperature=temperature, top_k=k, top_p=p)
    assert choose(LOGITS, settings, number) in candidates(LOGITS, settings)


@pytest.mark.parametrize("settings", [Generation(temperature=1.0), Generation(temperature=0.5, top_k=3, top_p=0.9)])
def test_that_tokens_are_drawn_as_often_as_they_are_likely(settings: Generation) -> None:
    steps = 2000
    drawn = torch.tensor([choose(LOGITS, settings, (step + 0.5) / steps) for step in range(steps)])
    probs = (LOGITS / settings.temperature).softmax(-1)
    probs[[token for token in range(len(LOGITS)) if token not in candidates(LOGITS, settings)]] = 0
    shares = drawn.bincount(minlength=len(LOGITS)) / steps
    assert shares.tolist() == pytest.approx((probs / probs.sum()).tolist(), abs=1 / steps)


def test_that_the_token_that_passes_the_share_is_still_a_candidate() -> None:
    logits = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64).log()
    drawn = {choose(logits, Generation(temperature=1.0, top_p=0.6), step / 100) for step in range(100)}
    assert drawn == {0, 1}


def test_that_the_first_of_equal_tokens_go_first() -> None:
    logits = torch.zeros(4, dtype=torch.float64)
    settings = Generation(temperature=1.0, top_k=2)
    assert {choose(logits, settings, step / 10) for step in range(10)} == {0, 1}


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-8])
@pytest.mark.parametrize("number", [0.0, 0.9999])
def test_that_a_temperature_near_0_takes_the_likeliest(temperature: float, number: float) -> None:
    assert choose(LOGITS, Generation(temperature=temperature), number) == 1


def test_that_a_token_that_is_ruled_out_is_never_drawn() -> None:
    logits = torch.tensor([float("-inf"), 0.0, float("-inf")], dtype=torch.float64)
    assert {choose(logits, Generation(temperature=100.0), step / 10) for step in range(10)} == {1}
