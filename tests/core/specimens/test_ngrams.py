"""Counted n-grams: the probabilities that Kneser-Ney smoothing gives."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from core.specimens.ngrams import USUAL_DISCOUNTS, NGrams, discounts

# Token 3 is never seen, and 0 1 is seen twice.
STREAM = np.array([0, 1, 0, 2, 0, 1])


def after(grams: NGrams, history: tuple[int, ...]) -> list[float]:
    """Return the probability of every token after a history as long as the model reads."""
    stream = np.array([token for last in range(grams.n_vocab) for token in (*history, last)])
    return grams.probabilities(stream)[len(history) :: len(history) + 1].tolist()


def test_that_single_tokens_have_their_discounted_counts_and_a_share_of_the_uniform_rest() -> None:
    # Counts 3, 2, 1, 0 less 1.5, 1, 0.5, 0 leave 3 of 6 for a quarter each.
    wanted = [1.5 / 6 + 0.125, 1 / 6 + 0.125, 0.5 / 6 + 0.125, 0.125]
    assert after(NGrams(STREAM, 4, order=1), ()) == pytest.approx(wanted)


def test_that_pairs_fall_back_on_how_many_different_tokens_stand_before() -> None:
    grams = NGrams(STREAM, 4, order=2)
    # Before 0 stand 1 and 2, before 1 and 2 only 0: 2, 1, 1, 0 less 1, 0.5, 0.5, 0 leave 2 of 4.
    single = np.array([0.25, 0.125, 0.125, 0]) + 0.5 / 4
    assert after(grams, (3,)) == pytest.approx(single.tolist())
    # After 0 stand 1, 2, 1: counts 2 and 1 less 1 and 0.5 leave 1.5 of 3.
    assert after(grams, (0,)) == pytest.approx((np.array([0, 1, 0.5, 0]) / 3 + 0.5 * single).tolist())
    assert after(grams, (1,)) == pytest.approx((np.array([0.5, 0, 0, 0]) + 0.5 * single).tolist())
    assert grams.probabilities(np.array([2]))[0] == pytest.approx(single[2])


def test_that_discounts_follow_from_the_counts_of_counts() -> None:
    assert discounts(np.array([0, 1, 1, 1, 1, 2, 2, 3, 4, 9])) == pytest.approx((0.5, 1.25, 1.0))


@pytest.mark.parametrize("counts", [[1, 1, 2, 3], [1, 2, 3, 3, 3, 3, 3, 4], [1, 2, 3, 4, 4, 4, 4]])
def test_that_discounts_are_the_usual_ones_where_they_cannot_be_reckoned(counts: list[int]) -> None:
    assert discounts(np.array(counts)) == USUAL_DISCOUNTS


def by_definition(stream: list[int], n_vocab: int, order: int, history: tuple[int, ...], token: int) -> float:
    """Return an interpolated probability by going through the stream, gram by gram, as the formula is written."""
    found = 1 / n_vocab
    for length in range(1, order + 1):
        starts = range(len(stream) - length + 1)
        grams = [tuple(stream[at : at + length]) for at in starts]
        if length < order:
            grams = [gram[1:] for gram in {tuple(stream[at : at + length + 1]) for at in starts[:-1]}]
        counts = {gram: grams.count(gram) for gram in grams}
        taken = dict(zip((1, 2, 3), discounts(np.array([*counts.values()])), strict=True))
        beginning = history[len(history) - length + 1 :]
        begun = {gram[-1]: count for gram, count in counts.items() if gram[:-1] == beginning}
        if begun:
            total, count = sum(begun.values()), begun.get(token, 0)
            left = sum(taken[min(count, 3)] for count in begun.values()) / total
            found = (count - (taken[min(count, 3)] if count else 0)) / total + left * found
    return found


@pytest.mark.parametrize("order", [2, 3, 4])
def test_that_longer_grams_have_the_probabilities_of_the_definition(order: int) -> None:
    stream = np.random.default_rng(order).choice(4, size=60, p=[0.5, 0.3, 0.15, 0.05])
    grams = NGrams(stream, 5, order)
    for history in product(range(5), repeat=order - 1):
        wanted = [by_definition(stream.tolist(), 5, order, history, token) for token in range(5)]
        assert after(grams, history) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("order", [3, 4, 5])
@pytest.mark.parametrize("seed", range(5))
def test_that_probabilities_sum_to_one_after_any_history(order: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    stream = random.choice(5, size=80, p=random.dirichlet(np.ones(5)))
    grams = NGrams(stream, 6, order)
    seen = set(zip(*(stream[at:].tolist() for at in range(order - 1)), strict=False))
    histories = list(product(range(6), repeat=order - 1))
    assert 1 < len(seen) < len(histories)
    odds = np.array([after(grams, history) for history in histories])
    assert odds.min() > 0
    assert odds.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_that_probabilities_are_positive_where_counts_of_counts_are_odd() -> None:
    # One token is seen once, one twice, five three times and one four times, as only few texts have it.
    stream = np.repeat(np.arange(8), [1, 2, 3, 3, 3, 3, 3, 4])
    odds = after(NGrams(stream, 9, order=1), ())
    assert min(odds) > 0
    assert sum(odds) == pytest.approx(1)
    assert odds[0] < odds[1] < odds[2] < odds[7]


def test_that_only_the_tokens_just_before_tell_the_next_one() -> None:
    random = np.random.default_rng(1)
    grams = NGrams(random.integers(0, 4, 200), 4, order=3)
    stream = random.integers(0, 4, 12)
    whole = grams.probabilities(stream)
    for length in range(len(stream)):
        assert grams.probabilities(stream[:length]) == pytest.approx(whole[:length])
    other = stream.copy()
    other[4] = (stream[4] + 1) % 4
    changed = grams.probabilities(other) != whole
    assert changed[4:7].all()
    assert not changed[:4].any() and not changed[7:].any()


def test_that_longer_grams_foresee_repetitive_text_better() -> None:
    # Only the fifth token tells whether the four alike end in 1 or in 2.
    phrase = [1, 0, 0, 0, 1, 2, 0, 0, 0, 2]
    train, held_out = np.tile(phrase, 40), np.tile(phrase, 4)
    surprise = [-np.log(NGrams(train, 3, order).probabilities(held_out)[5:]).mean() for order in range(1, 6)]
    assert all(longer < shorter for shorter, longer in pairwise(surprise))
    assert surprise[0] > 0.9
    assert surprise[4] < 0.1
