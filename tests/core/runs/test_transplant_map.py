"""Maps between models, against closed forms and what they must recover."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import SurgeryError
from core.runs.transplant_map import LinearMap, fit

KINDS = ("procrustes", "least_squares")


def rows(n: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(3.0, 2.0, (n, width))


def rotation(width: int, other: int, seed: int = 1) -> np.ndarray:
    """Return a matrix [width, other] with orthonormal rows or columns."""
    q, _ = np.linalg.qr(rows(max(width, other), min(width, other), seed))
    return q if width >= other else q.T


def test_that_the_rotation_is_that_of_scipy() -> None:
    from scipy.linalg import orthogonal_procrustes

    x, y = rows(30, 6), rows(30, 6, 2)
    found = fit(x, y, "procrustes")
    wanted, traced = orthogonal_procrustes(x - x.mean(0), y - y.mean(0))
    scale = traced / np.sum((x - x.mean(0)) ** 2)
    assert np.allclose(found.weight, scale * wanted)
    assert np.allclose(found.apply(x.mean(0)), y.mean(0))


@pytest.mark.parametrize(("donor", "own"), [(6, 6), (4, 9)])
def test_that_a_rotation_with_a_scale_is_recovered(donor: int, own: int) -> None:
    x, turn = rows(40, donor), rotation(donor, own)
    y = 0.3 * x @ turn + np.arange(own)
    found = fit(x, y, "procrustes")
    assert np.allclose(found.weight, 0.3 * turn)
    assert np.allclose(found.apply(x), y)
    assert found.r2 == pytest.approx(1.0)
    assert found.held_out == pytest.approx(1.0)


@pytest.mark.parametrize(("donor", "own"), [(9, 4), (4, 9), (6, 6)])
def test_that_a_rotation_keeps_angles_and_its_scale_is_the_best(donor: int, own: int) -> None:
    x, y = rows(40, donor), rows(40, own, 3)
    found = fit(x, y, "procrustes")
    small = found.weight.T @ found.weight if own <= donor else found.weight @ found.weight.T
    assert np.allclose(small, np.eye(min(donor, own)) * small[0, 0])
    for factor in (0.9, 1.1):
        other = LinearMap("procrustes", found.weight * factor, found.origin, found.offset, 40)
        assert np.sum((y - other.apply(x)) ** 2) > np.sum((y - found.apply(x)) ** 2)


def test_that_least_squares_is_that_of_numpy_with_an_intercept() -> None:
    x, y = rows(30, 5), rows(30, 3, 2)
    wanted, *_ = np.linalg.lstsq(np.column_stack([x, np.ones(30)]), y, rcond=None)
    found = fit(x, y, "least_squares")
    assert np.allclose(found.weight, wanted[:-1])
    assert np.allclose(found.apply(np.zeros(5)), wanted[-1])
    assert found.r2 == pytest.approx(1 - np.sum((y - found.apply(x)) ** 2) / np.sum((y - y.mean(0)) ** 2))


@pytest.mark.parametrize("kind", KINDS)
def test_that_what_is_held_out_was_not_fitted(kind: str) -> None:
    x, y = rows(23, 4), rows(23, 4, 2)
    wrong = total = 0.0
    for held in np.array_split(np.arange(23), 5):
        seen = np.setdiff1d(np.arange(23), held)
        part = fit(x[seen], y[seen], kind)
        wrong += np.sum((y[held] - part.apply(x[held])) ** 2)
        total += np.sum((y[held] - y[seen].mean(0)) ** 2)
    found = fit(x, y, kind)
    assert found.held_out == pytest.approx(1 - wrong / total)
    assert found.held_out is not None
    assert found.r2 is not None
    assert found.held_out < found.r2


def test_that_a_fit_says_how_good_it_is() -> None:
    x = rows(34, 3)
    y = x @ rotation(3, 3) + rows(34, 3, 4) / 4
    found = fit(x, y, "least_squares")
    assert found.is_determined
    assert found.summary == f"R² {found.r2:.2f} on 34 shared tokens, {found.held_out:.2f} held out"


def test_that_a_map_worse_than_the_mean_says_so() -> None:
    found = fit(rows(20, 64), rows(20, 48, 1), "least_squares")
    assert found.held_out is not None
    assert found.held_out < 0
    assert f", −{-found.held_out:.2f} held out (worse than their mean); 20 tokens" in found.summary


def test_that_too_few_tokens_to_hold_some_out_are_said() -> None:
    assert fit(rows(9, 3), rows(9, 3, 1), "procrustes").held_out is None
    assert fit(rows(9, 3), rows(9, 3, 1), "procrustes").summary.endswith("9 shared tokens, too few to hold some out")


def test_that_a_map_that_its_tokens_do_not_determine_says_so() -> None:
    found = fit(rows(20, 64), rows(20, 48, 1), "least_squares")
    assert found.r2 == pytest.approx(1.0)
    assert found.held_out is not None
    assert found.held_out < 0.2
    assert not found.is_determined
    assert found.summary.endswith("; 20 tokens do not determine a map of 64 dimensions, so it fits them by itself")
    turned = fit(rows(20, 64), rows(20, 48, 1), "procrustes")
    assert turned.summary.endswith("; 20 tokens do not determine a map of 64 dimensions")
    assert fit(rows(20, 64), rows(20, 4, 1), "procrustes").is_determined


def test_that_tokens_that_do_not_vary_have_no_share_of_variance() -> None:
    found = fit(rows(12, 3), np.ones((12, 3)), "procrustes")
    assert (found.r2, found.held_out) == (None, None)
    assert found.summary == "no R², since the 12 shared tokens do not vary"
    assert np.allclose(found.apply(rows(2, 3)), 1.0)


@pytest.mark.parametrize("n", [0, 1])
def test_that_a_map_needs_two_tokens(n: int) -> None:
    with pytest.raises(SurgeryError, match="no map can be fitted"):
        fit(rows(n, 3), rows(n, 3), "procrustes")


def test_that_no_map_is_fitted_on_what_is_no_number() -> None:
    x = rows(5, 3)
    x[2, 1] = np.nan
    with pytest.raises(SurgeryError, match="Some hidden states are no numbers"):
        fit(x, rows(5, 3), "least_squares")
