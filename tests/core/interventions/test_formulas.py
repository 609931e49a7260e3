"""What each operation does to an activation, against the same in numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import SurgeryError
from core.interventions.operation import Activation
from core.interventions.ops import OPERATIONS

WHOLE = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0)).exp()
CHOSEN = (1, 4)
OTHERS = [0, 2, 3, 5]
X = WHOLE[:, CHOSEN]
# Prompts that reach both chosen tokens, the first one only, none, and both.
REFERENCES = tuple(
    torch.randn(reached, 8, generator=torch.Generator().manual_seed(reached + n))
    for n, reached in enumerate((2, 1, 0, 2))
)
AVERAGES: dict[str, Callable[..., Any]] = {"mean": np.mean, "median": np.median}


def known(**given: Any) -> Activation:
    return replace(Activation(layer_std=1.5, token_std=(0.5, 2.0), whole=WHOLE, positions=CHOSEN), **given)


def applied(key: str, x: torch.Tensor = X, params: dict[str, Any] | None = None, **given: Any) -> np.ndarray:
    operation = OPERATIONS[key]
    return operation.apply(x, operation.checked(params or {}), known(**given)).numpy()


def close(found: np.ndarray, wanted: np.ndarray) -> bool:
    return np.allclose(found, np.broadcast_to(wanted, found.shape), atol=1e-6)


@pytest.mark.parametrize("key", AVERAGES)
def test_that_an_average_over_the_prompt_is_that_of_the_other_tokens(key: str) -> None:
    wanted = AVERAGES[key](WHOLE.numpy()[:, OTHERS], axis=1)
    assert close(applied(key), wanted[:, None])


@pytest.mark.parametrize("key", AVERAGES)
def test_that_a_scalar_average_is_one_number_of_the_whole_site(key: str) -> None:
    wanted = AVERAGES[key](WHOLE.numpy(), axis=(1, 2))
    assert close(applied(key, params={"over": "scalar"}), wanted[:, None, None])


@pytest.mark.parametrize("key", AVERAGES)
def test_that_an_average_over_references_takes_those_that_reach_each_token(key: str) -> None:
    first = AVERAGES[key](np.stack([REFERENCES[n][0].numpy() for n in (0, 1, 3)]), axis=0)
    second = AVERAGES[key](np.stack([REFERENCES[n][1].numpy() for n in (0, 3)]), axis=0)
    found = applied(key, params={"over": "references"}, references=REFERENCES)
    assert close(found, np.stack([first, second]))


@pytest.mark.parametrize("key", AVERAGES)
def test_that_an_average_names_what_it_is_over_and_asks_for_it(key: str) -> None:
    operation = OPERATIONS[key]
    named = {over: operation.name_with({"over": over}) for over in ("prompt", "references", "scalar")}
    assert named == {
        "prompt": f"{key} of the other tokens",
        "references": f"{key} over the reference prompts",
        "scalar": f"{key} of all tokens and dimensions, one number",
    }
    assert [operation.wants({"over": over}) for over in named] == [{"whole"}, {"references"}, {"whole"}]


@pytest.mark.parametrize("key", AVERAGES)
def test_that_there_is_no_average_of_no_tokens(key: str) -> None:
    with pytest.raises(SurgeryError, match="All tokens of the prompt are chosen"):
        applied(key, WHOLE, positions=tuple(range(6)))
    with pytest.raises(SurgeryError, match="No reference prompt reaches token 4"):
        applied(key, params={"over": "references"}, references=REFERENCES[1:3])


@pytest.mark.parametrize("std", ["layer", "token"])
def test_that_matched_noise_is_drawn_from_the_values_of_the_site(std: str) -> None:
    found = applied("matched_noise", params={"sigma": 2.0, "seed": 5, "std": std})
    picked = torch.randint(48, (2, 8), generator=torch.Generator().manual_seed(5)).numpy()
    size = 1.5 if std == "layer" else np.array([[0.5], [2.0]])
    for row in range(2):
        values = WHOLE[row].numpy().astype(float).ravel()
        drawn = ((values - values.mean()) / values.std())[picked]
        assert np.allclose(found[row], X[row].numpy() + 2.0 * size * drawn, atol=1e-5)


def test_that_matched_noise_has_the_longer_tails_of_the_activation() -> None:
    from scipy.stats import kurtosis

    whole = torch.randn(1, 50, 200, generator=torch.Generator().manual_seed(1)) ** 3
    params = {"sigma": 1.0, "seed": 0}
    matched, gaussian = (
        applied(key, whole, params, whole=whole, positions=tuple(range(50))) - whole.numpy()
        for key in ("matched_noise", "noise")
    )
    assert kurtosis(matched.ravel()) > 10 > 1 > abs(kurtosis(gaussian.ravel()))
    assert np.isclose(matched.std(), gaussian.std(), rtol=0.05)


def test_that_a_site_of_one_value_gets_no_matched_noise() -> None:
    flat = torch.full((1, 6, 8), 0.1)
    found = applied("matched_noise", flat[:, CHOSEN], {"sigma": 3.0}, whole=flat)
    assert np.array_equal(found, flat[:, CHOSEN].numpy())


def test_that_shuffling_moves_every_token_in_the_same_way_and_loses_nothing() -> None:
    found = applied("shuffle", params={"seed": 3})
    order = torch.randperm(8, generator=torch.Generator().manual_seed(3)).numpy()
    assert np.array_equal(found, X.numpy()[..., order])
    assert np.array_equal(np.sort(found), np.sort(X.numpy()))


@pytest.mark.parametrize("key", ["patch", "transplant"])
def test_that_what_a_donor_has_is_put_in_as_it_is(key: str) -> None:
    donor = torch.randn(2, 8)
    assert np.array_equal(applied(key, donor=donor), np.stack([donor.numpy()] * 2))


def test_that_rows_of_attention_over_another_number_of_keys_are_refused() -> None:
    with pytest.raises(SurgeryError, match="The counterfactual prompt has 7 key tokens, this one 8"):
        applied("patch", donor=torch.randn(2, 7))


def test_that_resampling_takes_all_tokens_from_one_prompt_that_reaches_the_last() -> None:
    seen = set()
    for seed in range(20):
        found = applied("resample", params={"seed": seed}, references=REFERENCES)
        which = [n for n in (0, 3) if close(found, REFERENCES[n].numpy())]
        assert len(which) == 1
        seen.add(which[0])
    assert seen == {0, 3}
    with pytest.raises(SurgeryError, match="No reference prompt reaches token 4"):
        applied("resample", references=REFERENCES[1:3])


def test_that_skipping_adds_nothing() -> None:
    assert not applied("skip").any()


def test_that_projecting_out_leaves_what_is_at_right_angles() -> None:
    v = np.linspace(-1, 2, 8, dtype=np.float32)
    v /= np.linalg.norm(v)
    found = applied("project_out", direction=torch.from_numpy(v))
    x = X.numpy()
    assert close(found, x - (x @ v)[..., None] * v)
    assert np.allclose(found @ v, 0, atol=1e-5)


def test_that_projecting_out_says_what() -> None:
    named = {
        '" he"': 'without the unembedding of " he"',
        '" he"-" she"': 'without the unembedding difference " he"-" she"',
        "pca2": "without principal component 2",
        "random0": "without a random direction, seed 0",
        "donor": "without the mean difference from the counterfactual prompt",
        "file:v.npy": "without the direction in v.npy",
    }
    assert {v: OPERATIONS["project_out"].name_with({"v": v}) for v in named} == named


def test_that_a_knocked_out_key_is_as_good_as_a_score_of_minus_infinity() -> None:
    scores = torch.randn(2, 6, 6).masked_fill(torch.ones(6, 6).triu(1).bool(), float("-inf"))
    cut = scores.clone()
    cut[..., [0, 3]] = float("-inf")
    wanted = cut.softmax(-1).nan_to_num(0.0)[:, CHOSEN]
    whole = scores.softmax(-1)
    found = applied("knockout", whole[:, CHOSEN], whole=whole, keys=(0, 3))
    assert close(found, wanted.numpy())


def test_that_a_row_that_lost_nothing_keeps_its_bits_and_one_that_lost_all_is_zero() -> None:
    whole = torch.randn(1, 6, 6).masked_fill(torch.ones(6, 6).triu(1).bool(), float("-inf")).softmax(-1)
    everything = (0, 1, 2, 3, 4, 5)
    kept = applied("knockout", whole, whole=whole, positions=everything, keys=(4, 5))
    assert np.array_equal(kept[:, :4], whole[:, :4].numpy())
    assert np.allclose(kept.sum(-1), 1, atol=1e-6)
    assert not applied("knockout", whole, whole=whole, positions=everything, keys=everything).any()
    first = applied("knockout", whole, whole=whole, positions=everything, keys=(0,))
    assert not first[:, 0].any()
    assert np.allclose(first[:, 1:].sum(-1), 1, atol=1e-6)
