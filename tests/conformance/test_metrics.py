"""Every registered metric keeps to the protocol; a new one is covered without a change here."""

from __future__ import annotations

import math

import pytest
import torch

from core.metrics import METRICS
from core.readings.reading import Metric, Reading

ALL = list(METRICS)
each = pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.key)


def reading(logits: list[float] | torch.Tensor, target: int = 0, versus: int | None = 1) -> Reading:
    values = torch.as_tensor(logits, dtype=torch.float64)
    return Reading(values, values.log_softmax(dim=-1), target, versus)


def drawn(size: int, seed: int) -> torch.Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


# Probabilities 1/7, 2/7 and 4/7, the clean ones a third each.
LN2 = math.log(2)
SMALL = reading([0.0, LN2, 2 * LN2], target=1, versus=2)
EVEN = reading([5.0, 5.0, 5.0], target=1, versus=2)
BY_HAND = {
    "log_prob": math.log(2 / 7),
    "logit_difference": -LN2,
    "rank": 2,
    "entropy": -(math.log(1 / 7) + 2 * math.log(2 / 7) + 4 * math.log(4 / 7)) / 7,
    "kl": math.log(1 / 3) - (math.log(1 / 7) + math.log(2 / 7) + math.log(4 / 7)) / 3,
}


@pytest.mark.parametrize("key", BY_HAND)
def test_that_values_equal_those_computed_by_hand(key: str) -> None:
    assert METRICS[key].compute(SMALL, EVEN) == pytest.approx(BY_HAND[key], abs=1e-12)


@each
def test_that_a_metric_says_what_it_is(metric: Metric) -> None:
    assert metric.key.isidentifier()
    assert metric.label.strip()
    assert metric.help.endswith(".")


def test_that_metrics_differ_in_label() -> None:
    assert len({metric.label for metric in ALL}) == len(ALL)


@each
@pytest.mark.parametrize("seed", range(3))
def test_that_a_metric_is_a_finite_plain_number(metric: Metric, seed: int) -> None:
    value = metric.compute(reading(drawn(50, seed)), reading(drawn(50, seed + 10)))
    assert type(value) in (int, float)
    assert value is not None
    assert math.isfinite(value)


@each
def test_that_only_what_compares_looks_at_the_clean_run(metric: Metric) -> None:
    operated = reading(drawn(50, 0))
    values = [metric.compute(operated, reading(drawn(50, seed))) for seed in (1, 2)]
    assert (values[0] != values[1]) is metric.compares


@each
def test_that_a_comparison_of_a_run_with_itself_is_zero(metric: Metric) -> None:
    same = reading(drawn(50, 0))
    if metric.compares:
        assert metric.compute(same, same) == 0


@each
@pytest.mark.parametrize("low", [-1e4, float("-inf")])
def test_that_impossible_tokens_do_no_harm(metric: Metric, low: float) -> None:
    value = metric.compute(reading([1.0, 2.0, low, low]), reading([2.0, 1.0, low, low]))
    assert value is not None
    assert math.isfinite(value)


@each
def test_that_a_model_that_is_sure_gives_plain_numbers(metric: Metric) -> None:
    sure = reading([1e4, 0.0, 0.0])
    value = metric.compute(sure, sure)
    assert value is not None
    assert math.isfinite(value)
    assert math.copysign(1.0, value) == 1.0, "minus zero is shown as -0.00"


@each
def test_that_nothing_is_claimed_where_the_run_overflowed(metric: Metric) -> None:
    nothing = reading([float("nan")] * 3)
    value = metric.compute(nothing, reading([1.0, 2.0, 3.0]))
    assert value is None or not math.isfinite(value)


def test_that_there_is_no_logit_difference_without_a_token_to_compare_with() -> None:
    alone = reading([1.0, 2.0], versus=None)
    assert METRICS["logit_difference"].compute(alone, alone) is None


def test_that_tokens_of_one_logit_share_the_better_rank() -> None:
    ranks = [METRICS["rank"].compute(reading([2.0, 3.0, 3.0, 1.0], target=n), EVEN) for n in range(4)]
    assert ranks == [3, 1, 1, 4]


def test_that_a_token_that_became_impossible_is_infinitely_far() -> None:
    gone = reading([0.0, float("-inf"), 0.0], target=1)
    assert METRICS["kl"].compute(gone, EVEN) == math.inf
    assert METRICS["log_prob"].compute(gone, EVEN) == -math.inf
