"""Numbers are written honestly."""

from __future__ import annotations

import math

import pytest

from gui.widgets.number_format import percent, percent_points, plain, signed, whole


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.5, "0.500"), (-0.25, "−0.250"), (None, "–"), (math.nan, "–"), (-math.inf, "−∞"), (math.inf, "∞")],
)
def test_that_numbers_have_true_minus_signs_and_a_dash_where_there_is_none(value: float | None, written: str) -> None:
    assert plain(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(0.5, "+0.500"), (-0.5, "−0.500"), (0.0, "0"), (1e-9, "≈0"), (-4e-4, "≈0"), (6e-4, "+0.001")]
)
def test_that_only_an_exact_zero_is_written_as_zero(value: float, written: str) -> None:
    assert signed(value) == written


@pytest.mark.parametrize(
    ("probability", "written"),
    [
        (0.0, "0.00%"),
        (1e-6, "<0.01%"),
        (0.00012, "0.01%"),
        (0.0123, "1.23%"),
        (0.09996, "10.0%"),
        (0.123, "12.3%"),
        (0.99999, ">99.9%"),
        (1.0, "100.0%"),
        (None, "–"),
    ],
)
def test_that_a_probability_has_at_most_three_figures_and_never_rounds_to_certainty(
    probability: float | None, written: str
) -> None:
    assert percent(probability) == written


@pytest.mark.parametrize(
    ("difference", "written"),
    [(0.123, "+12.3 pp"), (-0.0123, "−1.23 pp"), (0.0, "0 pp"), (-1e-6, "−<0.01 pp"), (None, "–")],
)
def test_that_differences_of_probabilities_are_in_percentage_points(difference: float | None, written: str) -> None:
    assert percent_points(difference) == written


def test_that_thousands_are_set_apart() -> None:
    assert whole(50257) == "50\N{NARROW NO-BREAK SPACE}257"
    assert whole(None) == "–"
